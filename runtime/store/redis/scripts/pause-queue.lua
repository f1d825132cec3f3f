--[[
Pauses a queue, or resumes it and wakes the workers that may take its runs.
keys: all
input: time, queue, request, by, reason, 'pause' or 'resume', when the caller saw it paused: a time, 'none', or ''
  for any
returns: 1, or 'moved' when it is not as the caller saw it
writes: when full
uses: prelude limits-part operations-part
]]
local queue, request, by, reason, act, seen = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if answered(request) then return 1 end
local paused = call('HGET', K.paused, queue)
if seen ~= '' and seen ~= (paused and text(cmsgpack.unpack(paused).at) or 'none') then return 'moved' end
if act == 'pause' or paused then
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
