--[[
Returns each limiter with the number of its keys that have state and of its waiters.
keys: limiters limitKeys limitLines
input: how many keys to inspect at most
returns: per limiter: { name, msgpack, keys, waiting }
writes: nothing
]]
local most = tonumber(ARGV[1])
local keys, cursor, looked = {}, '0', 0
repeat
  local page = redis.call('HSCAN', K.limitKeys, cursor, 'COUNT', 1000)
  cursor = page[1]
  for i = 1, #page[2], 2 do
    local name = string.match(page[2][i], '^[^%z]*')
    keys[name] = (keys[name] or 0) + 1
    looked = looked + 1
  end
until cursor == '0' or looked >= most
local found = {}
local all = redis.call('HGETALL', K.limiters)
for i = 1, #all, 2 do
  local name = all[i]
  local waiting = redis.call('ZLEXCOUNT', K.limitLines, '[' .. name .. '\0', '(' .. name .. '\1')
  found[#found + 1] = { name, all[i + 1], keys[name] or 0, waiting }
end
return found
