--[[
Gives the connections of all workers to one of those who ask, once per interval: that one looks who is gone.
keys: meta beats
input: time, interval ms
returns: 'lease role', beat, 'lease role', beat ...
writes: when full
]]
local lookedAt = tonumber(redis.call('HGET', K.meta, 'lookedAt')) or 0
if now >= lookedAt and now - lookedAt < tonumber(ARGV[2]) then return {} end
redis.call('HSET', K.meta, 'lookedAt', string.format('%.0f', now))
return redis.call('HGETALL', K.beats)
