--[[
Lists the prefixes of entries of a limiter's waitlists: limiter, key and priority; within each, runs are
in order of number.
keys: limitLines
input: limiter, 1 if a key is named, that key, where the previous reply ended ('' at first), how many to find at most
returns: where this one ended ('' at the end), then each with the letter of its set in front, `l`
writes: nothing
]]
local prefix, after, most = ARGV[1] .. '\0', ARGV[4], tonumber(ARGV[5])
if ARGV[2] == '1' then prefix = prefix .. ARGV[3] .. '\0' end
local above, to = after == '' and '[' .. prefix or '(' .. after .. '\255', '(' .. prefix .. '\255'
local found = { '' }
while true do
  local member = redis.call('ZRANGEBYLEX', K.limitLines, above, to, 'LIMIT', 0, 1)[1]
  if not member then break end
  if #found > most then
    found[1] = after
    break
  end
  local _, fieldEnd = string.find(member, '^[^%z]*%z[^%z]*%z')
  after = string.sub(member, 1, fieldEnd + 2)
  found[#found + 1] = 'l' .. after
  above = '(' .. after .. '\255'
end
return found
