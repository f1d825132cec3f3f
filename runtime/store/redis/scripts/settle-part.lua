--[[
Ends an execution once, if fence and position are the worker's; a repeat returns the first result. An entry is a list of
the fields that entries-part names.
uses: entries-part
]]
local function settled(state) return 's' .. string.char(state) end

local madeOutcomes

--- Returns the outcomes by kind, other than completion. Made for the first one.
local function otherOutcomes()
  if madeOutcomes then return madeOutcomes end

  local function journalError(key, position)
    local entry = key and call('LINDEX', key, position - 1)
    if not entry or entry == '' or string.byte(entry, 13) ~= 3 then return '' end
    local _, after = unpack1('>I2c0', entry, 29)
    return sub(entry, after)
  end

  local function storedDeadline(key, position)
    local entry = key and call('LINDEX', key, position - 1)
    if not entry or entry == '' then return 0 end
    return unpack1('>I6', entry, 7)
  end

  madeOutcomes = {
    failed = function(run, escaped, bytes, stay, mark)
      setOutcome(run, bytes)
      setExtra(run, 'e', escaped or nil)
      setExtra(run, 'f', mark and mark[1] or nil)
      if mark then countFailure(run, mark, 'end') end
      return settled(place(run, 'fail', stay))
    end,

    cancelled = function(run, _, _, stay) return settled(place(run, 'release', stay)) end,

    retrying = function(run, delayMs, bytes, stay, mark)
      setOutcome(run, bytes)
      stay[WAKE_AT] = now + delayMs
      stay[ATTEMPT] = run[ATTEMPT] + 1
      setExtra(run, 'w', { 'retry', stay[WAKE_AT], '', mark and mark[1] or nil })
      if mark then countFailure(run, mark, 'try') end
      return settled(place(run, 'back off', stay))
    end,

    --- R5: the deadlines were stored when the waits began; if one has passed, the worker continues at once.
    waiting = function(run, waits, _, stay, key)
      local first, at, line
      for i = 1, #waits do
        if waits[i][1] == 'limit' then
          local admission = hasLimits(run) and limits().admissionsOf(run)[waits[i][2]]
          -- Woken since, or never on a waitlist.
          if not admission or not admission.n then return 'c' end
          line = line or admission.t[admission.n][T_NAME]
        else
          local deadline = storedDeadline(key, waits[i][3])
          if not at or deadline < at then first, at = waits[i], deadline end
        end
      end
      if line and not first then
        setExtra(run, 'w', { 'limit', 0, line })
        setOutcome(run, '')
        stay[WAKE_AT] = 0
        return settled(place(run, 'suspend', stay))
      end
      if not first or at <= now then return 'c' end
      -- A retry's pause has the error of the failed attempt; a sleep after it does not.
      setOutcome(run, journalError(key, first[3]))
      setExtra(run, 'w', { first[1], at, first[2], first[4] })
      stay[WAKE_AT] = at
      return settled(place(run, 'suspend', stay))
    end,

    released = function(run, lease, _, stay, protect)
      local reason
      if protect and run[VERSION] < PROTECTED_FROM then
        run[VERSION], reason = run[VERSION] + PROTECTED_FROM, 'a step of it needs scale-in protection'
      end
      note(run, { kind = 'released', worker = workerName(lease), reason = reason })
      return settled(place(run, 'release', stay))
    end,

    blocked = function(run, reason, _, stay, digest, lease)
      note(run, { kind = 'blocked', reason = reason, worker = workerName(lease) })
      local before = extrasOf(run).b
      local tried, kept = before and before.tried or {}, {}
      for i = math.max(1, #tried - 18), #tried do
        if tried[i] ~= digest then kept[#kept + 1] = tried[i] end
      end
      kept[#kept + 1] = digest
      setExtra(run, 'b', { reason = reason, tried = kept })
      return settled(place(run, 'block', stay))
    end,
  }
  return madeOutcomes
end

--- Moves a held run out of its slot as its worker requests. Replies 'c' if the run has nothing to wait for.
local function leaveStay(run, lease, fence, kind, x, y, bytes, journal)
  local stay = { [SETTLED_FENCE] = fence }
  if run[STATE] == CANCELLING and kind ~= 'completed' and kind ~= 'failed' then
    if kind == 'retrying' then
      setOutcome(run, bytes)
      if y then countFailure(run, y, 'try') end
    end
    return settled(place(run, 'end cancel', stay))
  end
  if kind == 'completed' then
    setOutcome(run, bytes)
    return settled(place(run, 'complete', stay))
  end
  local outcomes = otherOutcomes()
  if kind == 'waiting' then return outcomes.waiting(run, x, bytes, stay, KEYS[STATIC_KEYS + journal]) end
  if kind == 'blocked' then return outcomes.blocked(run, x, bytes, stay, y, lease) end
  if kind == 'released' then return outcomes.released(run, lease, bytes, stay, x) end
  return outcomes[kind](run, x, bytes, stay, y)
end

--- Decodes entries, and reads the records and stays of the runs to settle in two calls. A damaged record fails the
--- script, as it does when read alone.
local function readEntries(batch)
  local entries, ids, at = {}, {}, 1
  while at <= #batch do
    local entry
    if sub(batch, at, at) == 's' then
      entry = { unpack1(SETTLEMENT, batch, at) }
      ids[#ids + 1] = entry[2]
    else
      entry = { unpack1(CHECKPOINT, batch, at) }
    end
    entries[#entries + 1], at = entry, entry[9]
  end
  for first = 1, #ids, LARGEST_CALL do
    local last = math.min(#ids, first + LARGEST_CALL - 1)
    local raws = call('HMGET', K.runs, unpack(ids, first, last))
    local stays = call('HMGET', K.stays, unpack(ids, first, last))
    for i = 1, #raws do
      local id = ids[first + i - 1]
      if runs[id] == nil then runs[id] = raws[i] and decodeRun(id, raws[i]) end
      staysAhead[id] = stays[i]
    end
  end
  return entries
end

local function settle(lease, settlement)
  local _, id, journal, fence, position, kind, fields, bytes = unpack(settlement)
  local run = load(id)
  if not run then return 'g' end
  local held = run[STATE] == RUNNING or run[STATE] == CANCELLING
  local heldFence, holder
  if held then heldFence, holder = readStay(run) end
  if holder ~= lease or heldFence ~= fence then
    if run[SETTLED_FENCE] == fence and run[SETTLED_STATE] ~= 0 then return settled(run[SETTLED_STATE]) end
    return 'g'
  end
  if run[POSITION] ~= position then return 'p' end
  local x, y, orphans
  if fields ~= '' then x, y, orphans = unpack(cmsgpack.unpack(fields), 1, 3) end
  local reply = leaveStay(run, lease, fence, kind, x, y, bytes, journal)
  if reply ~= 'c' then setExtra(run, 'o', orphans) end
  return reply
end
