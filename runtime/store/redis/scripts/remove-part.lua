--[[
Deletes a run, for scripts that delete.
]]

--- Deletes an ended run with all its data; its id stays taken for 10 minutes. `manual`: not by retention.
local function deleteRun(run, journal, manual)
  leavePlace(run)
  tally(run, run[STATE])
  -- The sweep removes from the heads of these lists, and drops entries of manually removed runs as stale.
  if not manual then call('LREM', endedList(run[STATE]), 1, pack('>I6', run[CHANGED_AT]) .. run[ID]) end
  for _, tag in ipairs(extrasOf(run).t or {}) do zrem(K.tags, tag .. '\0' .. pack('>I6', run[SEQ]) .. run[ID]) end
  hdel(K.runs, run[ID])
  hdel(K.history, run[ID])
  -- A window goes on if retention removes the run, but not after a manual removal.
  for _, field in ipairs(manual and uniqueKeys().keysOf(run) or {}) do
    local held = uniqueKeys().readKey(field)
    if held and sub(held, sub(held, 1, 1) == 'w' and 8 or 2) == run[ID] then uniqueKeys().writeKey(field, false) end
  end
  if run[GIVEN] == '' then hdel(K.payloads, 'i' .. run[ID]) end
  if run[OUTCOME] == '+' then hdel(K.payloads, 'o' .. run[ID]) end
  call('UNLINK', journal)
  zadd(K.forget, 't' .. run[ID], now + KEEP_ANSWERS)
  runs[run[ID]] = false
end
