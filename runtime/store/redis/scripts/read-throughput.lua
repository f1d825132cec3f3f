--[[
Returns the cells of the last minutes, including the current one.
keys: meta minutes minuteOrder
input: time, how many minutes
returns: field, cell, field, cell ...
writes: nothing
]]
local last = math.floor(wall / 60000)
local fields = redis.call('ZRANGEBYSCORE', K.minuteOrder, last - tonumber(ARGV[2]) + 1, last)
local found = {}
for i = 1, #fields do
  found[#found + 1] = fields[i]
  found[#found + 1] = redis.call('HGET', K.minutes, fields[i])
end
return found
