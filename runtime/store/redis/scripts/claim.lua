--[[
Settles what ended, promotes what is due, takes back what lost workers held, then gives the best ready runs.
keys: all + the journals the settlements need
input: time, lease, n, max, what it says of runs that need protection (protection-level.ts), then per settlement: msgpack, bytes
returns: 'lost', or { now and wall, more, ms to the next timer or lease's end or -1, orders, settled, runs, runs left for want of
  protection, 1 if the worker is to ask for it }; a run is { id, record, given }
writes: when full, and tells it
uses: prelude limits-part failures-part count-failure-part settle-part coordination-part leases-part watch-part
]]
local MOST_PROMOTED, MOST_EMPTY = 500, 8
local MOST_LEFT, ASK_PAUSE = --[[left]] 0, 0
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
-- At its memory limit the store takes on nothing new (R32).
if FULL or status.drainOrder == 1 then max = 0 end
if n > lastN and max > 0 then claimer = lease end
if n > lastN then
  level = math.max(level, math.min(lastLevel or NEVER, LATER))
  if level ~= lastLevel then
    -- Before the waitlists are looked at: which runs are served may depend on it.
    call('HSET', K.claims, lease, cmsgpack.pack({ lastN, answer, level }))
    -- One that had not claimed counted as one that takes them (isServed).
    if (lastLevel == NEVER) ~= (level == NEVER) then lookAtAllLines() end
  end
end

local settlements = {}
do
  local packed = {}
  for i = 6, #ARGV, 2 do packed[#packed + 1] = ARGV[i] end
  local read = readSettlements(packed)
  for i = 1, #read do settlements[i] = settle(lease, read[i], ARGV[5 + i * 2]) end
  -- One whose run was not held is still there.
  staysAhead = {}
end

--- The earliest instant that a run waits for; a claim adds none.
local function readInstant() return tonumber(call('ZRANGE', K.instants, 0, 0, 'WITHSCORES')[2]) or math.huge end
local firstInstant = readInstant()

local function promoteDue()
  local due = call('ZRANGEBYSCORE', K.due, '-inf', now, 'LIMIT', 0, MOST_PROMOTED)
  local instants = firstInstant > wall and {} or call('ZRANGEBYSCORE', K.instants, '-inf', wall, 'LIMIT', 0, MOST_PROMOTED)
  if #due + #instants == 0 then return end

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

-- Whether a poison suspect is among the runs that are left.
local suspectLeft = false

--- Members of the best ready runs that this worker may take, and whether there are more: one of each queue in turn, beginning at
--- another queue each time, or all of one queue before the next one in strict order; at most one suspect.
local function choose()
  local worker = cmsgpack.unpack(call('HGET', K.workers, lease))
  local isSound = call('ZCARD', K.suspects) == 0
  local suspects = not isSound and not holdsSuspect(lease)
  local chosen, suspectTaken, isLeft = {}, false, false
  local empty, emptyCount = {}, 0

  local function headsOf(key, code, limit) return call('ZRANGEBYLEX', key, '[' .. code, '(' .. code .. '\255', 'LIMIT', 0, limit) end

  --- How many of a class that may not be taken are ready, as a claim would take them.
  local function countLeft(code)
    local from, to = '[' .. code, '(' .. code .. '\255'
    left = math.min(MOST_LEFT, left + call('ZLEXCOUNT', K.ready, from, to))
    return suspects and call('ZLEXCOUNT', K.suspects, from, to) > 0
  end

  --- The open queues that may have runs for this worker, each a list of its classes; and the same by name.
  local function openQueues()
    local wanted
    if worker.queues then
      wanted = {}
      for i = 1, #worker.queues do wanted[worker.queues[i]] = true end
    end
    local paused = {}
    local names = call('HKEYS', K.paused)
    for i = 1, #names do paused[names[i]] = true end
    local queues, byName = {}, {}
    preloadClasses(worker.jobs)
    for j = 1, #worker.jobs do
      local job = worker.jobs[j]
      local known = jobClasses(job.name)
      for i = 1, #known, 3 do
        local name, version = known[i + 1], known[i + 2]
        if version % PROTECTED_FROM <= job.version and not paused[name] and (not wanted or wanted[name]) then
          local queue = byName[name]
          if version >= PROTECTED_FROM and level ~= TAKES then
            suspectLeft = countLeft(pack('>I4', known[i])) or suspectLeft
          elseif queue then
            queue[#queue + 1] = known[i]
          else
            queue = { known[i] }
            byName[name] = queue
            queues[#queues + 1] = queue
          end
        end
      end
    end
    return queues, byName
  end

  --- Reads the best runs of a queue, its first `count` at least: { order, member, suspect } each.
  local function readHeads(queue, count)
    local heads, classes = {}, 0
    queue.heads, queue.count, queue.hasMore = heads, count, false
    for c = 1, #queue do
      local code = pack('>I4', queue[c])
      local found, bad = headsOf(K.ready, code, count), suspects and headsOf(K.suspects, code, 1) or {}
      if #found == count then queue.hasMore = true end
      if #found + #bad > 0 then classes = classes + 1
      elseif not empty[queue[c]] then
        empty[queue[c]] = true
        emptyCount = emptyCount + 1
      end
      for h = 1, #found do heads[#heads + 1] = { sub(found[h], 5, 12), found[h] } end
      if bad[1] then heads[#heads + 1] = { sub(bad[1], 5, 12), bad[1], true } end
    end
    if classes > 1 or suspects then table.sort(heads, function(a, b) return a[1] < b[1] end) end
  end

  --- Takes one run of each of these queues in turn, until none is left. Returns whether there are more than are asked for.
  local function takeFrom(turn)
    -- Twice what is needed if all have runs.
    local first, i = math.min(max + 1, math.ceil(2 * (max + 1) / #turn)), 1
    while #turn > 0 do
      local others = {}
      for q = 1, #turn do
        local queue = turn[q]
        if not queue.heads then readHeads(queue, first)
        elseif i > queue.count and queue.hasMore then readHeads(queue, math.max(i, math.min(max + 1, 4 * queue.count))) end
        local head = queue.heads[i]
        if head then
          others[#others + 1] = queue
          if head[3] and suspectTaken then
            isLeft = true
          elseif #chosen == max then
            return true
          else
            suspectTaken = suspectTaken or head[3]
            chosen[#chosen + 1] = head[2]
          end
        end
      end
      turn, i = others, i + 1
    end
    return false
  end

  local queues, byName = openQueues()
  local isFull = false
  if worker.queueOrder == 'strict' and worker.queues then
    for i = 1, #worker.queues do
      local queue = byName[worker.queues[i]]
      if queue and not queue.heads and not isFull then isFull = takeFrom({ queue }) end
    end
  else
    local turn = {}
    for q = 1, #queues do turn[q] = queues[(n + q - 1) % #queues + 1] end
    isFull = takeFrom(turn)
  end
  -- Some empty classes cost less than to make them again.
  if isSound and emptyCount > MOST_EMPTY then
    for j = 1, #worker.jobs do forgetClasses(worker.jobs[j].name, empty) end
  end
  return chosen, isFull or isLeft
end

local function claimed(list, run)
  run.raw = encodeRun(run)
  local input = run[GIVEN] == '' and call('HGET', K.payloads, 'i' .. run[ID]) or ''
  list[#list + 1] = { run[ID], run.raw, input }
end

local function start(run)
  run[FENCE] = math.max(run[FENCE] + 1, now)
  if run[DEADLINE_AT] == 0 and run[TIMEOUT] ~= 0 then run[DEADLINE_AT] = now + run[TIMEOUT] end
  uncountWake(run)
  place(run, 'claim', { [STARTED_AT] = run[STARTED_AT] == 0 and now or run[STARTED_AT] }, lease)
end

--- Counts the worker in as one that asks for protection, unless as many were told to as there are runs.
local function isToAsk()
  local since, count = string.match(call('HGET', K.meta, 'asked') or '', '^(%d+) (%d+)$')
  since, count = tonumber(since), tonumber(count)
  if not since or now >= since + ASK_PAUSE or now < since then since, count = now, 0 end
  if count >= left then return false end
  call('HSET', K.meta, 'asked', text(since) .. ' ' .. text(count + 1))
  return true
end

local function admit()
  local took, more, answer, suspectTaken = {}, false, {}, false
  left, ask = 0, nil
  if max > 0 then
    local members, ids
    members, more = choose()
    ids = {}
    for i = 1, #members do ids[i] = sub(members[i], 13) end
    preload(ids)
    for i = 1, #ids do
      local run = runs[ids[i]]
      if run and run[STATE] == READY then
        run.member = members[i]
        local expired = run[EXPIRES_AT] ~= 0 and run[EXPIRES_AT] <= now
        local line = not expired and hasLimits(run) and limits().pass(run, true)
        if expired then
          place(run, 'expire')
          more = true
        elseif line then
          setExtra(run, 'w', { 'limit', 0, line })
          place(run, 'line up')
          more = true
        else
          suspectTaken = suspectTaken or isSuspect(run)
          start(run)
          claimed(took, run)
          answer[#answer + 1] = run[ID]
          answer[#answer + 1] = run[FENCE]
        end
      end
    end
  end
  if suspectLeft and not suspectTaken then left = math.min(MOST_LEFT, left + 1) end
  if left > 0 and level == MAY_ASK and isToAsk() then told, ask = lease, 1 end
  call('HSET', K.claims, lease, cmsgpack.pack(left > 0 and { n, answer, level, left, ask } or { n, answer, level }))
  if max > #took then call('HSET', K.idle, lease, max - #took) else call('HDEL', K.idle, lease) end
  -- From here on what becomes ready is for whoever is idle.
  claimer = nil
  return took, more
end

--- R13: the same `n` answers the same runs as long as they are still held; an older one answers nothing.
local function repeated(answer)
  local took = {}
  for i = 1, #answer, 2 do
    local run = load(answer[i])
    local fence, holder
    if run then fence, holder = readStay(run) end
    if run and fence == answer[i + 1] and holder == lease then claimed(took, run) end
  end
  return took, true
end

if #settlements > 0 then flush() end
promoteDue()
reclaimExpired(lease)
flush()
nudgeDue()

local took, more = {}, false
if n < lastN then left, ask = 0, 0 end
if n > lastN then
  took, more = admit()
elseif n == lastN then
  took, more = repeated(answer)
end
-- A worker without room hears of lines that are left by a wake-up, the others by `more`.
if finish(false, (max > 0 or not linesFrom) and lease or nil, max > #took) then more = true end
-- From now on its death matters.
if #took > 0 then hurryLooker(RUNS_EVERY) end

-- Ms to the next timer of a run or to the first end of another's lease, whichever comes first, or -1. Without the
-- leases a death that no peer has seen would be found by the poll after the lease's end.
local nextAt = tonumber(call('ZRANGE', K.due, 0, 0, 'WITHSCORES')[2]) or math.huge
if firstInstant <= wall then firstInstant = readInstant() end
if madeLimits then firstTimer = tonumber(call('ZRANGE', K.limitTimers, 0, 0, 'WITHSCORES')[2]) or math.huge end
nextAt = math.min(nextAt, firstInstant - wall + now, firstTimer)
local ends = max > #took and call('ZRANGE', K.leases, 0, 1, 'WITHSCORES') or {}
for i = 1, #ends, 2 do
  if ends[i] ~= lease then nextAt = math.min(nextAt, tonumber(ends[i + 1])) end
end
local dueIn = nextAt == math.huge and -1 or math.max(0, nextAt - now)

return { string.format('%.0f %.0f', now, wall), more and 1 or 0, dueIn, ordersOf(readStatus(lease)), settlements, took, left or 0, ask or 0 }
