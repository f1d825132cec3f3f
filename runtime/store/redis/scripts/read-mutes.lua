--[[
Returns muted findings, including those whose mute has ended.
keys: meta mutes
input: time
returns: now, then finding, msgpack in turn
writes: nothing
]]
local found = redis.call('HGETALL', K.mutes)
table.insert(found, 1, string.format('%.0f', now))
return found
