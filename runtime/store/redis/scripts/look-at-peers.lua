--[[
Gives the connections of all workers to one of those who ask, once per interval: that one looks who is gone.
After a time in which nobody could ask, only workers that have shown a new connection since count for a while: the
others may be on their way back (R16).
keys: meta beats
input: time, interval ms
returns: 'lease role', beat, 'lease role', beat ...
writes: when full
]]
local LONGEST_RECONNECT = 4000
local interval = tonumber(ARGV[2])
local stored = redis.call('HMGET', K.meta, 'lookedAt', 'backAt', 'allBackAt')
local lookedAt = tonumber(stored[1]) or now - interval
local backAt, allBackAt = tonumber(stored[2]) or 0, tonumber(stored[3]) or 0
local gap = now - lookedAt
if gap >= 0 and gap < interval then return {} end
redis.call('HSET', K.meta, 'lookedAt', string.format('%.0f', now))
if gap > 3 * interval or gap < 0 then
  backAt, allBackAt = now, now + math.min(math.max(2 * gap, 0), LONGEST_RECONNECT)
  redis.call('HSET', K.meta, 'backAt', string.format('%.0f', backAt), 'allBackAt', string.format('%.0f', allBackAt))
end
local beats = redis.call('HGETALL', K.beats)
if now >= allBackAt then return beats end
local isBack, found = {}, {}
for i = 1, #beats, 2 do
  if tonumber(string.match(beats[i + 1], '%d+$')) >= backAt then isBack[string.match(beats[i], '^%S+')] = true end
end
for i = 1, #beats, 2 do
  if isBack[string.match(beats[i], '^%S+')] then
    found[#found + 1] = beats[i]
    found[#found + 1] = beats[i + 1]
  end
end
return found
