--[[
Returns entries of journals without their values: the plan of a retry needs no more.
keys: meta + the journals
input: about how many bytes, then per journal the position before the first entry wanted
returns: per journal { 1 when there are more, entries cut after their path ('' for a dropped one) ... }
writes: nothing
]]
local bytes = tonumber(ARGV[1])
local all, size = {}, 0

--- In small parts: the values of large entries are read only to be dropped.
local function read(journal, from)
  local heads = { 1 }
  while size <= bytes do
    local part = redis.call('LRANGE', journal, from, from + 9)
    for i = 1, #part do
      size = size + #part[i]
      heads[#heads + 1] = part[i] == '' and '' or string.sub(part[i], 1, 30 + struct.unpack('>H', part[i], 29))
    end
    from = from + #part
    if #part < 10 then
      heads[1] = 0
      break
    end
  end
  return heads
end

for i = 2, #ARGV do all[i - 1] = read(KEYS[STATIC_KEYS + i - 1], tonumber(ARGV[i])) end
return all
