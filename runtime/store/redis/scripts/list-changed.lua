--[[
Lists the runs that entered a state in a period, with their numbers.
keys: changed
input: state, from and before in the store's time, limit
returns: number and run of each
writes: nothing
]]
local state, from, before = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local members = redis.call('ZRANGEBYLEX', K.changed,
  '[' .. struct.pack('>BI6', state, from), '(' .. struct.pack('>BI6', state, before), 'LIMIT', 0, tonumber(ARGV[4]))
local found = {}
for i = 1, #members do
  found[#found + 1] = string.format('%.0f', (struct.unpack('>I6', members[i], 8)))
  found[#found + 1] = string.sub(members[i], 14)
end
return found
