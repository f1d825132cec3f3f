--[[
Gives the connections of all workers to one of those who ask, once per interval: that one looks who is gone.
After a time in which nobody could ask, those who come back first give the others as much time again (R16).
keys: meta beats
input: time, interval ms
returns: 'lease role', beat, 'lease role', beat ...
writes: when full
]]
local LONGEST_RECONNECT = 4000
local interval = tonumber(ARGV[2])
local stored = redis.call('HMGET', K.meta, 'lookedAt', 'allBackAt')
local lookedAt, allBackAt = tonumber(stored[1]) or now - interval, tonumber(stored[2]) or 0
local gap = now - lookedAt
if gap >= 0 and gap < interval then return {} end
redis.call('HSET', K.meta, 'lookedAt', string.format('%.0f', now))
if gap > 3 * interval then
  allBackAt = now + math.min(2 * gap, LONGEST_RECONNECT)
  redis.call('HSET', K.meta, 'allBackAt', string.format('%.0f', allBackAt))
end
if now < allBackAt and allBackAt <= now + LONGEST_RECONNECT then return {} end
return redis.call('HGETALL', K.beats)
