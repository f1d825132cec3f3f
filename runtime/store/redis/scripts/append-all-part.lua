--[[
Appends records, for scripts that do nothing else.
uses: append-part
]]

--- Appends the records of a call; reads and writes all their stays at once. Calls `count` with the run and the mark of
--- each new failure.
local function appendAll(lease, batch, count)
  local entries, ids, at = {}, {}, 1
  while at <= #batch do
    local entry = { struct.unpack(CHECKPOINT, batch, at) }
    entries[#entries + 1], ids[#ids + 1], at = entry, entry[2], entry[9]
  end
  local raws = #ids > 0 and redis.call('HMGET', K.stays, unpack(ids)) or {}
  local stays, changed, replies = {}, {}, {}
  for i = 1, #ids do stays[ids[i]] = raws[i] end

  local isDone, failure = pcall(function()
    for i = 1, #entries do
      local _, id, journal, fence, position, pause, tail, mark = unpack(entries[i])
      local reply, stay = append(lease, stays[id], fence, position, pause, tail, KEYS[STATIC_KEYS + journal])
      replies[i] = reply
      if stay then
        stays[id], changed[#changed + 1], changed[#changed + 2] = stay, id, stay
        if mark ~= '' then count(id, mark) end
      end
    end
  end)
  -- Also when the server refuses a later record: without the position of a stored one, that record would be stored
  -- twice.
  if #changed > 0 then redis.call('HSET', K.stays, unpack(changed)) end
  if not isDone then error(failure, 0) end

  -- Wakes the worker: it may take a poison suspect now.
  if cleared and redis.call('ZCARD', K.suspects) > 0 then
    redis.pcall('PUBLISH', string.sub(K.meta, 1, -5) .. 'wake:' .. lease, '')
  end
  local status = redis.call('HGET', K.status, lease)
  local orders = status and { string.byte(status, 14), string.sub(status, 16) } or { 0, '' }
  return { orders, table.concat(replies) }
end
