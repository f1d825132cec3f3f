--[[
Ends a worker's lease: forgets the worker and reclaims its runs.
uses: operations-part lost-workers-part
]]
local MOST_RECLAIMED = 500
local POISONED_FINGERPRINT, POISONED_NAME, POISONED_CODE, POISONED_TEXT = --[[poisoned]] '', '', '', ''
local REASONS = { exit = 'its process died', lease = 'its lease expired' }
-- Values of a status's `ended` for a lease whose runs are still being reclaimed.
local ENDED_AS = { lease = 1, exit = 2 }

--- Vacates the roles of a lease that ends; their terms (see term-part) keep their numbers.
local function leaveRoles(lease)
  local all, vacant = call('HGETALL', K.terms), false
  for i = 1, #all, 2 do
    local term, _, endsAt, _, _, holder = unpack(cmsgpack.unpack(all[i + 1]))
    if holder == lease then
      call('HSET', K.terms, all[i], cmsgpack.pack({ term, math.min(now, endsAt), 0, {}, '' }))
      vacant = true
    end
  end
  if vacant then tellVacancy() end
end

local function forgetWorker(lease)
  leaveRoles(lease)
  local raw = call('HGET', K.workers, lease)
  if raw then
    local worker = cmsgpack.unpack(raw)
    for i = 1, #worker.jobs do
      local job = worker.jobs[i]
      call('ZREM', K.knows, job.name .. '\0' .. lease .. '\0' .. job.version)
    end
  end
  for _, key in ipairs({ K.workers, K.status, K.claims, K.idle, K.openSteps, K.reports }) do call('HDEL', key, lease) end
  call('HDEL', K.claims, 'before ' .. lease)
  call('HDEL', K.beats, lease .. ' main', lease .. ' lease')
  call('ZREM', K.leases, lease)
  zadd(K.forget, 'l' .. lease, now + KEEP_ANSWERS)
  -- Its definitions are no longer declared: see definitions-part.lua.
  call('HINCRBY', K.meta, 'left', 1)
  tellSchedules()
  lookAtAllLines()
  -- It may have been woken for a run that it has not taken.
  wakeIdle()
end

local function lossDelay(streak) return LOSS_DELAYS[math.min(streak, #LOSS_DELAYS)] or 0 end

--- Counts the losses by kind in the lines of a history; a cut was recorded as an exit at first.
local function lossesIn(lines)
  local seen = { exit = 0, cut = 0, lease = 0 }
  for i = 1, #lines do
    local line = lines[i]
    if line.kind == 'lost' then seen[line.cause or 'exit'] = seen[line.cause or 'exit'] + 1 end
    if line.kind == 'cut' then
      seen.exit, seen.cut = math.max(0, seen.exit - 1), seen.cut + 1
    end
    -- A task's end for which the run is not to blame.
    if line.kind == 'explained' and line.cause then seen[line.cause] = math.max(0, seen[line.cause] - 1) end
  end
  return seen
end

local function loseRun(run, worker, cause)
  readStay(run)
  note(run, { kind = 'lost', worker = worker, cause = cause, reason = REASONS[cause], position = run[POSITION] })
  local streak = run[STREAK] + 1
  local to = { [LOSSES] = run[LOSSES] + 1, [STREAK] = streak }
  if run[STATE] ~= CANCELLING and streak > POISON_LIMIT then
    -- The last execution was to fail the run, but was lost too: the store fails it.
    note(run, { kind = 'poisoned', reason = streak .. ' workers were lost without a new step' })
    setOutcome(run, '')
    setExtra(run, 'e', nil)
    setExtra(run, 'P', lossesIn(notes[run[ID]]))
    local fingerprint = POISONED_FINGERPRINT .. run[JOB]
    countFailure(run, { fingerprint, '', POISONED_NAME, POISONED_CODE, POISONED_TEXT, run[VERSION] % PROTECTED_FROM }, 'end')
    setExtra(run, 'f', fingerprint)
    return place(run, 'convict', to)
  end
  local delayMs = lossDelay(streak)
  if run[STATE] == CANCELLING or delayMs == 0 then return leaveSlot(run, 'lose', to) end
  to[WAKE_AT] = now + delayMs
  setExtra(run, 'w', { 'retry', to[WAKE_AT] })
  place(run, 'lose with delay', to)
  if delayMs < LONGEST_POLL then countWake(run) end
end

--- Retains the losses of a lease presumed dead for ten minutes: its process may return and report that it was cut off.
local function keepLosses(lease, worker, losses)
  local raw = call('HGET', K.cuts, 'l' .. lease)
  local kept = raw and cmsgpack.unpack(raw) or { worker = worker, losses = {} }
  for i = 1, #losses do kept.losses[#kept.losses + 1] = losses[i] end
  hset(K.cuts, 'l' .. lease, cmsgpack.pack(kept))
  zadd(K.forget, 'c' .. 'l' .. lease, now + KEEP_ANSWERS)
end

--- Marks a lease lost (P2): its worker can write nothing more; reclaims its runs, a bounded number at a time.
local function reclaim(lease, cause)
  local status = readStatus(lease)
  if not status then
    -- It owns nothing; removed so that no call waits for its end again.
    call('ZREM', K.leases, lease)
    return
  end
  local raw = call('HGET', K.workers, lease)
  local known = raw and cmsgpack.unpack(raw)
  local worker = known and known.name or 'unknown'
  -- Not for the rest of a lease lost before: its loss is logged already.
  if status.ended == 0 then
    local held = call('ZLEXCOUNT', K.held, '[' .. lease, '(' .. lease .. '\255')
    logOperation({ operation = 'worker lost', subject = worker, count = held, details = { cause = cause } })
  end
  local ids, losses = heldBy(lease, MOST_RECLAIMED), {}
  for i = 1, #ids do
    local run = runs[ids[i]]
    if run then
      loseRun(run, worker, cause)
      losses[#losses + 1] = { run[ID], run[LOSSES], run[STREAK] }
    end
  end
  if cause == 'exit' then keepLosses(lease, worker, losses) end
  if known and known.task then keepLostWorker(lease, known, cause, losses) end
  flush()
  if #ids < MOST_RECLAIMED then return forgetWorker(lease) end
  leaveRoles(lease)
  status = readStatus(lease)
  status.ended = ENDED_AS[cause]
  writeStatus(lease, status)
  call('ZADD', K.leases, 0, lease)
end
