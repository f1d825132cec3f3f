--[[
Returns the last term of each role.
keys: meta terms
input: time, how many roles at most
returns: now, 1 if there are more, then role, msgpack (see term-part) in turn
writes: nothing
uses: bounded-part
]]
local found, more = entriesOf(K.terms, tonumber(ARGV[2]))
table.insert(found, 1, more and 1 or 0)
table.insert(found, 1, string.format('%.0f', now))
return found
