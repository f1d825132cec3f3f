--[[
What the members of the ready sets begin with: class and priority, 6 bytes; within each, runs stand by number.
keys: classes ready suspects
input: job, queue ('' for any), the last one of the reply before ('' at first), limit
returns: each with the letter of its set in front, `r` or `s`
writes: nothing
]]
local job, queue, after, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local codes, classes = {}, redis.call('HGETALL', K.classes)
for i = 1, #classes, 2 do
  local known = cmsgpack.unpack(classes[i + 1])
  for c = 1, #known, 3 do
    if (job == '' or job == classes[i]) and (queue == '' or queue == known[c + 1]) then codes[#codes + 1] = known[c] end
  end
end
table.sort(codes)

local found = {}
local function addFrom(letter, key)
  -- The set of the last one goes on behind it.
  local isAfter = string.sub(after, 1, 1) == letter
  local last = isAfter and struct.unpack('>I4', after, 2)
  for i = 1, #codes do
    local code = struct.pack('>I4', codes[i])
    local above = codes[i] == last and '(' .. string.sub(after, 2) .. '\255' or '[' .. code
    while #found < limit and (not last or codes[i] >= last) do
      local member = redis.call('ZRANGEBYLEX', key, above, '(' .. code .. '\255', 'LIMIT', 0, 1)[1]
      if not member then break end
      found[#found + 1] = letter .. string.sub(member, 1, 6)
      above = '(' .. string.sub(member, 1, 6) .. '\255'
    end
  end
end

if string.sub(after, 1, 1) ~= 's' then addFrom('r', K.ready) end
addFrom('s', K.suspects)
return found
