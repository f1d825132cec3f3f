--[[
The last term of each role.
keys: meta terms
input: time
returns: now, then role, msgpack (see term-part) in turn
writes: nothing
]]
local found = redis.call('HGETALL', K.terms)
table.insert(found, 1, string.format('%.0f', now))
return found
