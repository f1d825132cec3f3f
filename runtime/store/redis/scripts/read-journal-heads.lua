--[[
Entries of journals without what they stored: all that the plan of a retry reads.
keys: meta + the journals
input: about how many bytes, then per journal the position before the first entry that is asked for
returns: per journal { 1 when there are more, entries cut behind their path ('' for a dropped one) ... }
writes: nothing
]]
local bytes = tonumber(ARGV[1])
local all, size = {}, 0

--- In small parts: what large entries hold is read to be thrown away.
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
