--[[ Limiters that an overview shows. ]]

--- Returns limiters with waiters, then those with a closed key, at most `most`; inspects up to `scanned` keys. Per
--- limiter: { name, msgpack, keys, waiting, ms it is closed or 0 }. The second result says whether there may be more.
local function busyLimiters(most, scanned)
  -- An offset in a key's state: see KEY_STATE in limits-part.
  local CLOSED_UNTIL_AT = 29
  local keys, closed, cursor, looked = {}, {}, '0', 0
  repeat
    local page = call('HSCAN', K.limitKeys, cursor, 'COUNT', 100)
    cursor = page[1]
    for i = 1, #page[2], 2 do
      local name = string.match(page[2][i], '^[^%z]*')
      keys[name] = (keys[name] or 0) + 1
      local left = unpack1('>I6', page[2][i + 1], CLOSED_UNTIL_AT) - now
      if left > 0 then closed[name] = math.max(closed[name] or 0, left) end
    end
    looked = looked + #page[2] / 2
  until cursor == '0' or looked >= scanned

  local found, more, waiting, from = {}, cursor ~= '0', {}, '-'
  local function add(name, n)
    local raw = call('HGET', K.limiters, name)
    if raw then found[#found + 1] = { name, raw, keys[name] or 0, n, closed[name] or 0 } end
  end
  while true do
    local first = call('ZRANGEBYLEX', K.limitLines, from, '+', 'LIMIT', 0, 1)[1]
    if not first then break end
    if #found == most then return found, true end
    local name = string.match(first, '^[^%z]*')
    waiting[name] = true
    add(name, call('ZLEXCOUNT', K.limitLines, '[' .. name .. '\0', '(' .. name .. '\1'))
    from = '[' .. name .. '\1'
  end
  for name in pairs(closed) do
    if not waiting[name] then
      if #found == most then return found, true end
      add(name, 0)
    end
  end
  return found, more
end
