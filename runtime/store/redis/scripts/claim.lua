--[[
Settles ended executions, promotes due runs, reclaims runs of lost workers, then hands out the best ready runs.
keys: all + the journals the settlements need
input: time, lease, n, max, protection level (protection-level.ts), settlements (see entries-part)
returns: 'lost', or { now, wall, more, ms to the next timer or lease's end or -1, runs left for want of protection, 1 if
  the worker should request it, orders, replies to the settlements (entry-batch.ts), runs, inputs }. The runs are one
  text: of each id I2c0, record I4c0. The inputs are a list, of the runs whose record has none in it.
writes: when full, and tells it
uses: prelude limits-part failures-part count-failure-part settle-part coordination-part leases-part watch-part
]]
local MOST_PROMOTED, MOST_EXPIRED, MOST_EMPTY = 500, 20, 8
local MOST_LEFT, ASK_PAUSE = --[[left]] 0, 0
-- Prefix of the field for the claim before the last one: both may be in flight (R13).
local BEFORE = 'before '
local lease, n, max, level = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local status = readStatus(lease)
if not isHeld(status) then return 'lost' end
markSeen()

local before = call('HGET', K.claims, lease)
local lastN, answer, lastLevel, left, ask = 0, {}, nil, 0, 0
if before then
  lastN, answer, lastLevel, left, ask = unpack(cmsgpack.unpack(before), 1, 5)
  lastLevel = lastLevel or NEVER
end
-- At its memory limit the store hands out nothing new (R32).
if FULL or status.drainOrder == 1 then max = 0 end
if n > lastN and max > 0 then claimer = lease end
if n > lastN then
  level = math.max(level, math.min(lastLevel or NEVER, LATER))
  if level ~= lastLevel then
    -- Before the waitlists are inspected: which runs are served may depend on it.
    call('HSET', K.claims, lease, cmsgpack.pack({ lastN, answer, level, left, ask }))
    -- A worker that had not claimed counted as one that takes them (isServed).
    if (lastLevel == NEVER) ~= (level == NEVER) then lookAtAllLines() end
  end
end

local settlements, replies = readEntries(ARGV[6]), {}
if #settlements > 0 then
  for i = 1, #settlements do replies[i] = settle(lease, settlements[i]) end
  -- The stay of an entry whose run was not held is still in there.
  staysAhead = {}
end

--- Returns the earliest instant that a run waits for; a claim adds none.
local function readInstant() return tonumber(call('ZRANGE', K.instants, 0, 0, 'WITHSCORES')[2]) or math.huge end
local firstInstant = readInstant()
if #settlements > 0 then flush() end

-- Promotes due runs.
local due = call('ZRANGEBYSCORE', K.due, '-inf', now, 'LIMIT', 0, MOST_PROMOTED)
local instants = firstInstant > wall and {} or call('ZRANGEBYSCORE', K.instants, '-inf', wall, 'LIMIT', 0, MOST_PROMOTED)
if #due + #instants > 0 then
  local function promote(run)
    local expired = run[EXPIRES_AT] ~= 0 and expiryOf(run) <= now
    local instant = instantOf(run)
    if instant and instant > wall then zadd(K.due, run[ID], instant - wall + now)
    elseif run[STATE] == SCHEDULED then place(run, expired and 'expire' or 'promote')
    elseif run[STATE] == READY then place(run, 'expire')
    elseif run[STATE] == WAITING then place(run, expired and 'expire' or 'wake')
    elseif run[STATE] == BLOCKED then
      note(run, { kind = 'unblocked', reason = "the job's timeout passed while it was blocked" })
      place(run, 'unblock')
    else
      zrem(K.due, run[ID])
    end
  end

  preload(due)
  for i = 1, #due do
    if runs[due[i]] then promote(runs[due[i]]) else zrem(K.due, due[i]) end
  end
  preload(instants)
  for i = 1, #instants do
    local run = runs[instants[i]]
    -- It was due as well and has been promoted, or an older version moved it.
    if run and instantOf(run) then promote(run) else zrem(K.instants, instants[i]) end
  end
end

-- Ends every expired lease but the caller's: its worker is alive, or it could not call.
local expired = call('ZRANGEBYSCORE', K.leases, '-inf', now, 'LIMIT', 0, MOST_EXPIRED)
if #expired > 0 then
  --[[include operations-part]]
  --[[include lost-workers-part]]
  --[[include lease-ends-part]]
  for i = 1, #expired do
    if expired[i] ~= lease then
      local of = readStatus(expired[i])
      reclaim(expired[i], of and of.ended == ENDED_AS.exit and 'exit' or 'lease')
    end
  end
end
flush()

-- Inspects the waitlists whose timer is due, and, after a change of a rule or of which runs are served, a part of all.
local firstTimer = tonumber(call('ZRANGE', K.limitTimers, 0, 0, 'WITHSCORES')[2]) or math.huge
if firstTimer <= now then
  local fields = call('ZRANGEBYSCORE', K.limitTimers, '-inf', now, 'LIMIT', 0, WOKEN_AT_ONCE)
  for i = 1, #fields do limits().touch(fields[i]) end
end
if linesFrom then nudgeAll() end
if madeLimits then
  madeLimits.nudgeTouched()
  flush()
end

local took, inputs, more = {}, {}, false
local function claimed(run)
  local raw = encodeRun(run)
  run.raw = raw
  took[#took + 1] = pack('>I2c0I4c0', #run[ID], run[ID], #raw, raw)
  if run[GIVEN] == '' then inputs[#inputs + 1] = call('HGET', K.payloads, 'i' .. run[ID]) or '' end
end

-- R13: the same `n` returns the same runs while they are still held; an older one, or one that comes late, returns
-- none.
if n < lastN then
  local previous = call('HGET', K.claims, BEFORE .. lease)
  local m, given, _, leftThen, askThen = unpack(previous and cmsgpack.unpack(previous) or {}, 1, 5)
  if m == n then answer, left, ask = given, leftThen, askThen else answer, left, ask = nil, 0, 0 end
end
if n <= lastN and answer then
  more = true
  for i = 1, #answer, 2 do
    local run = load(answer[i])
    local fence, holder
    if run then fence, holder = readStay(run) end
    if run and fence == answer[i + 1] and holder == lease then claimed(run) end
  end
elseif n > lastN then
  local given, suspectTaken, members, ids = {}, false, {}, {}
  -- Whether a poison suspect is among the runs left.
  local suspectLeft = false
  left, ask = 0, nil
  if max > 0 then
    --[[include choose-part]]
    members, more = choose()
  end
  for i = 1, #members do ids[i] = sub(members[i], 13) end
  preload(ids)
  for i = 1, #ids do
    local run = runs[ids[i]]
    if run and run[STATE] == READY then
      run.member = members[i]
      local isOver = run[EXPIRES_AT] ~= 0 and run[EXPIRES_AT] <= now
      local line = not isOver and hasLimits(run) and limits().pass(run, true)
      if isOver then
        place(run, 'expire')
        more = true
      elseif line then
        setExtra(run, 'w', { 'limit', 0, line })
        place(run, 'line up')
        more = true
      else
        suspectTaken = suspectTaken or isSuspect(run)
        run[FENCE] = math.max(run[FENCE] + 1, now)
        if run[DEADLINE_AT] == 0 and run[TIMEOUT] ~= 0 then run[DEADLINE_AT] = now + run[TIMEOUT] end
        uncountWake(run)
        place(run, 'claim', { [STARTED_AT] = run[STARTED_AT] == 0 and now or run[STARTED_AT] }, lease)
        claimed(run)
        given[#given + 1] = run[ID]
        given[#given + 1] = run[FENCE]
      end
    end
  end
  if suspectLeft and not suspectTaken then left = math.min(MOST_LEFT, left + 1) end
  if left > 0 and level == MAY_ASK then
    -- Counts the worker among those that request protection, unless as many were sent to do so as there are runs.
    local since, count = string.match(call('HGET', K.meta, 'asked') or '', '^(%d+) (%d+)$')
    since, count = tonumber(since), tonumber(count)
    if not since or now >= since + ASK_PAUSE or now < since then since, count = now, 0 end
    if count < left then
      call('HSET', K.meta, 'asked', text(since) .. ' ' .. text(count + 1))
      told, ask = lease, 1
    end
  end
  if before then call('HSET', K.claims, BEFORE .. lease, before) end
  call('HSET', K.claims, lease, cmsgpack.pack(left > 0 and { n, given, level, left, ask } or { n, given, level }))
  if max > #took then call('HSET', K.idle, lease, max - #took) else call('HDEL', K.idle, lease) end
  -- From here on, runs that become ready are for any idle worker.
  claimer = nil
end
-- A worker without room learns of remaining waitlists by a wake-up, others by `more`.
if finish(false, (max > 0 or not linesFrom) and lease or nil, max > #took) then more = true end
-- From now on this worker's death matters.
if #took > 0 then hurryLooker(RUNS_EVERY) end

-- Ms to the next timer of a run or to the first end of another's lease, whichever comes first, or -1. Without the
-- leases, only the poll after a lease's end would notice a death that no peer has seen.
local nextAt = tonumber(call('ZRANGE', K.due, 0, 0, 'WITHSCORES')[2]) or math.huge
if firstInstant <= wall then firstInstant = readInstant() end
if madeLimits then firstTimer = tonumber(call('ZRANGE', K.limitTimers, 0, 0, 'WITHSCORES')[2]) or math.huge end
nextAt = math.min(nextAt, firstInstant - wall + now, firstTimer)
local ends = max > #took and call('ZRANGE', K.leases, 0, 1, 'WITHSCORES') or {}
for i = 1, #ends, 2 do
  if ends[i] ~= lease then nextAt = math.min(nextAt, tonumber(ends[i + 1])) end
end
local dueIn = nextAt == math.huge and -1 or math.max(0, nextAt - now)

return { now, wall, more and 1 or 0, dueIn, left or 0, ask or 0, ordersOf(readStatus(lease)), table.concat(replies), table.concat(took), inputs }
