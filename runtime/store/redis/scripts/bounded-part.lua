--[[ Reads of bounded size. ]]

--- Returns fields and values of a hash, at most `most` fields, and whether there are more.
local function entriesOf(key, most)
  if call('HLEN', key) <= most then return call('HGETALL', key), false end
  local found, cursor = {}, '0'
  repeat
    local page = call('HSCAN', key, cursor, 'COUNT', math.min(100, most))
    cursor = page[1]
    for i = 1, math.min(#page[2], most * 2 - #found) do found[#found + 1] = page[2][i] end
  until cursor == '0' or #found == most * 2
  return found, true
end

--- Returns values of fields of a hash, or scores of members of a sorted set, in the order of `names`.
local function valuesOf(command, key, names)
  local found = {}
  for first = 1, #names, 1000 do
    local part = call(command, key, unpack(names, first, math.min(#names, first + 999)))
    for i = 1, #part do found[#found + 1] = part[i] end
  end
  return found
end
