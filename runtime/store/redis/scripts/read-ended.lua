--[[
Returns the runs that have ended or don't exist.
keys: runs
input: ids
returns: ids
writes: nothing
]]
--[[states]]
local records = redis.call('HMGET', K.runs, unpack(ARGV))
local ended = {}
for i = 1, #ARGV do
  if not records[i] or string.byte(records[i]) >= COMPLETED then ended[#ended + 1] = ARGV[i] end
end
return ended
