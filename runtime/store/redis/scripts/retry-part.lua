--[[
Retries one run manually, for scripts that retry. The caller makes the plan from the run's journal.
]]
local retryRun
do
  --- Frees a key from a holder that no longer holds it.
  local function freeOverdue(field)
    if holderOf(field) then return end
    local held = runUnder(field)
    if held and held[STATE] < COMPLETED and isOverdue(held) then place(held, 'expire') end
    if uniqueKeys().readKey(field) then uniqueKeys().writeKey(field, false) end
  end

  --- Returns the keys that no other run may hold: none once the run has let go of them.
  local function neededKeys(run)
    local fields, code = uniqueKeys().keysOf(run)
    if not code or (code > UNTIL_STARTED and code <= now) then return {} end
    return fields
  end

  local function drop(run, journal, position)
    local entry = call('LINDEX', journal, position - 1)
    if not entry or entry == '' then return end
    run[BYTES] = math.max(0, run[BYTES] - #entry - 34)
    call('LSET', journal, position - 1, '')
  end

  --- `plan` holds from position `at` on: state, position and changed at of the run that it was made for, then positions
  --- to drop. Calls `log`, if there is one, after the last check. Returns 'done', 'changed', or 'duplicate' with the
  --- run that holds a key of this one, and the key; then nothing was written.
  function retryRun(run, journal, told, plan, at, log)
    local same = run[STATE] == tonumber(plan[at]) and run[POSITION] == tonumber(plan[at + 1])
      and run[CHANGED_AT] == tonumber(plan[at + 2])
    if not same then return 'changed' end
    -- R29. Inspects all keys before it takes the first.
    local fields = neededKeys(run)
    for i = 1, #fields do
      local holder = holderOf(fields[i])
      if holder and holder ~= run[ID] then return 'duplicate', holder, sub(fields[i], #run[JOB] + 2) end
    end
    for i = 1, #fields do freeOverdue(fields[i]) end
    if log then log() end
    note(run, { kind = 'retry', by = told.by, reason = told.reason })
    for i = at + 3, #plan do drop(run, journal, tonumber(plan[i])) end
    setOutcome(run, '')
    for _, name in ipairs({ 'e', 'b', 'c', 'k', 'P' }) do setExtra(run, name, nil) end
    place(run, run[STATE] == BLOCKED and 'unblock' or 'retry', {
      [ATTEMPT] = 1, [STARTED_AT] = 0, [DEADLINE_AT] = 0, [EXPIRES_AT] = 0, [STREAK] = 0,
    })
    return 'done'
  end
end
