--[[
Pauses a queue, or resumes it and wakes who may take its runs.
keys: all
input: time, queue, request, by, reason, 'pause' or 'resume'
returns: 1
writes: when full
uses: prelude limits-part operations-part
]]
local queue, request, by, reason, act = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if answered(request) then return 1 end
if act == 'pause' or call('HEXISTS', K.paused, queue) == 1 then
  logOperation({ operation = act .. ' queue', subject = queue, by = by, reason = reason })
end
if act == 'pause' then
  hset(K.paused, queue, cmsgpack.pack({ by = by, reason = reason ~= '' and reason or nil, at = now }))
else
  hdel(K.paused, queue)
  wakeIdle()
end
lookAtAllLines()
keepAnswer(request, '1')
finish(true)
return 1
