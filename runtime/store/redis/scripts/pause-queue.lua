--[[
Pauses a queue, or resumes it and wakes who may take its runs.
keys: all
input: time, queue, request, by ('' resumes), reason
returns: 1
writes: when full
uses: prelude limits-part
]]
local queue, request, by, reason = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if answered(request) then return 1 end
if by ~= '' then
  hset(K.paused, queue, cmsgpack.pack({ by = by, reason = reason ~= '' and reason or nil, at = now }))
else
  hdel(K.paused, queue)
  wakeIdle()
end
lookAtAllLines()
keepAnswer(request, '1')
finish(true)
return 1
