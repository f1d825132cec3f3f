--[[
The part that all writing scripts share. It owns the run's record, the unit of work and `place`.
L1  A run is held iff its state is running or cancelling. Only a held run has the record of its execution (stay):
    lease, fence, position.
L2  `due` holds the earliest of wake, expiry and deadline that applies in the run's state; without one, not the run.
L3  `flush` writes moves of runs, after every check that could refuse them; between two flushes a run moves once (a
    second move flushes first). Every key is declared, so a cluster refuses a call on a half migrated slot before the
    script begins (R33).
A run is a list, its places named by the constants below; a time that is not set is 0. It may also have `holder`, the
lease its stay was read with; `raw`, its record if already encoded; `member`, its member in the ready sets; and
`extras`, decoded, newer than the record once `extrasChanged`.
uses: events-part
]]

local HEAD, TAIL = '>BhI4I6I6ssI2c0I2c0', '>I6I4I4I2I2BI6I6I6I6I6I6I6BI4c0'
local STATE, PRIORITY, VERSION, SEQ, ENQUEUED_AT, JOB, QUEUE, EXTRAS, GIVEN = 1, 2, 3, 4, 5, 6, 7, 8, 9
local FENCE, POSITION, BYTES, ATTEMPT, LOSSES, STREAK, WAKE_AT, EXPIRES_AT = 10, 11, 12, 13, 14, 15, 16, 17
local DEADLINE_AT, TIMEOUT, STARTED_AT, CHANGED_AT, SETTLED_FENCE, SETTLED_STATE = 18, 19, 20, 21, 22, 23
local OUTCOME, ID = 24, 25
--[[states]]
local MOVES = --[[moves]] ''
local POISON_LIMIT, SUSPECT_STREAK, CUTS_PER_RUN = --[[poison]] 0, 0, 0
local LOSS_DELAYS = --[[delays]] {}
local LONGEST_POLL, KEPT_MINUTES, KEEP_ANSWERS, AMNESTY_SHARE = --[[bounds]] 0, 0, 0, 0
local FIRST_EXECUTIONS, LAST_EXECUTIONS = --[[executions]] 0, 0
-- Protection levels: in a run's version see stored-version.ts, in a claim see protection-level.ts.
local PROTECTED_FROM, NEVER, LATER, MAY_ASK, TAKES = --[[protection]] 0, 0, 0, 0, 0
local KEPT_HOURS, HOURS_FROM, SAMPLED_QUEUES, SAMPLED_COUNTERS = --[[statistics]] 0, 0, 0, 0
-- Larger inputs and outcomes are stored beside the record, so that a transition does not copy them.
local LARGEST_INLINE = 512
local LARGEST_CALL = 1000
local LONGEST_HISTORY = 200

-- Unit of work -----------------------------------------------------------------------------------------------

local runs, dirty = {}, {}
local sets, deletes, adds, removes, pushes = {}, {}, {}, {}, {}
local cells, counts, wakes, woken = {}, {}, {}, {}
-- Limits are made for the first run that has any: see limits-part.lua. `openedLines`: this script changed something
-- that all waitlists depend on. `claimer` is the lease whose claim has room for runs that become ready.
local makeLimits, madeLimits, flush, nudgeAll
-- Made for the first failure with a mark: see count-failure-part.lua.
local writeFailures
-- `told` is the lease whose claim's reply lists runs that it must request protection for.
local openedLines, claimer, told = false, nil, nil

local function limits()
  if not madeLimits then madeLimits = makeLimits() end
  return madeLimits
end

local function hset(key, field, value)
  local list = sets[key]
  if not list then
    list = {}
    sets[key] = list
  end
  local n = #list
  list[n + 1], list[n + 2] = field, value
end

local function hdel(key, field)
  local list = deletes[key]
  if list then list[#list + 1] = field else deletes[key] = { field } end
end

local function zadd(key, member, score)
  local list = adds[key]
  if not list then
    list = {}
    adds[key] = list
  end
  local n = #list
  list[n + 1], list[n + 2] = score, member
end

local function zrem(key, member)
  local list = removes[key]
  if list then list[#list + 1] = member else removes[key] = { member } end
end

local function rpush(key, entry)
  local list = pushes[key]
  if list then list[#list + 1] = entry else pushes[key] = { entry } end
end

local function callMany(command, key, list)
  local n = #list
  for first = 1, n, LARGEST_CALL do
    call(command, key, unpack(list, first, math.min(n, first + LARGEST_CALL - 1)))
  end
end

--- Returns the tail of a fresh run.
local function freshTail(run)
  for i = FENCE, SETTLED_STATE do run[i] = 0 end
  run[ATTEMPT], run[CHANGED_AT], run[OUTCOME] = 1, run[ENQUEUED_AT], ''
  return run
end

--- True if nothing has happened to the run since its enqueue. Its record then has no tail, most of a queued run's
--- memory.
local function isFresh(r)
  return r[STATE] == READY and r[FENCE] == 0 and r[EXPIRES_AT] == 0 and r[TIMEOUT] == 0 and r[LOSSES] == 0
    and r[CHANGED_AT] == r[ENQUEUED_AT] and r[OUTCOME] == ''
end

--- Head: numbers, names, extras (msgpack map), headers and input. Tail: numbers, outcome.
local function encodeRun(r)
  if r.extrasChanged then
    r[EXTRAS] = next(r.extras) == nil and '' or cmsgpack.pack(r.extras)
    r.extrasChanged = nil
  end
  local extras, given = r[EXTRAS], r[GIVEN]
  if #extras > 65535 then error('run ' .. r[ID] .. ': tags and reasons take more than 64 KiB') end
  local head = pack(HEAD, r[1], r[2], r[3], r[4], r[5], r[6], r[7], #extras, extras, #given, given)
  if isFresh(r) then return head end
  return head .. pack(TAIL, r[10], r[11], r[12], r[13], r[14], r[15], r[16], r[17], r[18], r[19], r[20], r[21], r[22],
    r[23], #r[OUTCOME], r[OUTCOME])
end

local function decodeRun(id, raw)
  local run = { unpack1(HEAD, raw) }
  -- The position after the head.
  local at = run[10]
  if at > #raw then
    freshTail(run)
  else
    run[10], run[11], run[12], run[13], run[14], run[15], run[16], run[17], run[18], run[19], run[20], run[21], run[22],
      run[23], run[24] = unpack1(TAIL, raw, at)
  end
  run[ID] = id
  return run
end

local function load(id)
  local run = runs[id]
  if run == nil then
    local raw = call('HGET', K.runs, id)
    run = raw and decodeRun(id, raw)
    runs[id] = run
  end
  return run
end

--- Reads several runs at once into the unit of work.
local function preload(ids)
  for first = 1, #ids, LARGEST_CALL do
    local last = math.min(#ids, first + LARGEST_CALL - 1)
    local raws = call('HMGET', K.runs, unpack(ids, first, last))
    for i = 1, #raws do
      local id = ids[first + i - 1]
      if runs[id] == nil then
        -- One damaged record must not end the claim of others.
        local read, run = pcall(decodeRun, id, raws[i])
        runs[id] = read and run
      end
    end
  end
end

local function extrasOf(run)
  local extras = run.extras
  if not extras then
    extras = run[EXTRAS] == '' and {} or cmsgpack.unpack(run[EXTRAS])
    run.extras = extras
  end
  return extras
end

--- Whether the run may have this extra; doesn't decode extras that aren't decoded yet.
local function mayHave(run, name)
  if run.extras then return run.extras[name] ~= nil end
  if run[EXTRAS] == '' then return false end
  return string.find(run[EXTRAS], '\161' .. name, 1, true)
end

local function setExtra(run, name, value)
  if value == nil and not mayHave(run, name) then return end
  extrasOf(run)[name] = value
  run.extrasChanged, run.raw = true, nil
end

--- Marks the record for the next flush, which writes it once.
local function markDirty(run)
  if run.dirty then return end
  run.dirty = true
  dirty[#dirty + 1] = run
end

--- Limit requests (admissions) by path, '' for the job's own: see limits-part.lua.
local function hasLimits(run) return mayHave(run, 'L') and extrasOf(run).L ~= nil end

local function setOutcome(run, bytes)
  if #bytes > LARGEST_INLINE then
    hset(K.payloads, 'o' .. run[ID], bytes)
    run[OUTCOME] = '+'
  else
    if run[OUTCOME] == '+' then hdel(K.payloads, 'o' .. run[ID]) end
    run[OUTCOME] = bytes
  end
end

-- Unique keys (G7) --------------------------------------------------------------------------------------------
-- `unique` has per job and key 'r' and the run that holds it by its state, or 'w', the end of a window (6 bytes) and
-- the run that opened it. A run stores its own key as the extra `u`: { key, code, canonical key if that differs }, the
-- code as in unique-until.ts.
-- U1  A run holds its key until it has ended, with code 1 until it has started; the transition that ends this frees it.
-- U2  A run with a canonical key has a field for each of its two keys, with one end. If an earlier release moves the
--     run, it frees only the first; the field left behind holds nothing, because U1 checks the run.

local UNTIL_FINISHED, UNTIL_STARTED = --[[until]] 0, 0
local madeKeys

--- Made for the first run that has a key.
local function uniqueKeys()
  if madeKeys then return madeKeys end
  local keys = {}

  --- Returns the fields of the run's keys, the canonical one first, and the code; nothing without a key.
  local function keysOf(run)
    local u = mayHave(run, 'u') and extrasOf(run).u
    if not u then return {} end
    local field = run[JOB] .. '\0' .. u[1]
    return u[3] and { run[JOB] .. '\0' .. u[3], field } or { field }, u[2]
  end

  local function readKey(field)
    local raw = keys[field]
    if raw == nil then
      raw = call('HGET', K.unique, field)
      keys[field] = raw
    end
    return raw
  end

  --- A flush deletes before it sets: within one, a key may be freed and then taken, not taken and then freed.
  local function writeKey(field, raw)
    keys[field] = raw
    if raw then hset(K.unique, field, raw) else hdel(K.unique, field) end
  end

  local function holdsByState(run, code)
    return code and run[STATE] < COMPLETED and (code == UNTIL_FINISHED or code == UNTIL_STARTED and run[STARTED_AT] == 0)
  end

  --- Updates a run's keys after its move: frees them when it ends or starts, restores them for a retried run.
  local function moveKeys(run, transition)
    local fields, code = keysOf(run)
    if not code or code > UNTIL_STARTED or (code == UNTIL_FINISHED and transition == 'claim') then return end
    local mine, holds = 'r' .. run[ID], holdsByState(run, code)
    for i = 1, #fields do
      local held = readKey(fields[i])
      if holds and not held then writeKey(fields[i], mine) end
      if not holds and held == mine then writeKey(fields[i], false) end
    end
  end

  madeKeys = { keysOf = keysOf, readKey = readKey, writeKey = writeKey, holdsByState = holdsByState, moveKeys = moveKeys }
  return madeKeys
end

-- Stays: the records of executions ----------------------------------------------------------------------------

-- Stays that were read ahead, as stored: each serves the first read, unless the script has changed it by then.
local staysAhead = {}

--- Copies the newer values from a held run's stay into the run. Returns fence and lease, or nothing.
local function readStay(run)
  local raw = staysAhead[run[ID]]
  if raw == nil then raw = call('HGET', K.stays, run[ID]) else staysAhead[run[ID]] = nil end
  if not raw then return end
  local fence
  fence, run[POSITION], run[BYTES], run[STREAK] = unpack1('>I6I4I4B', raw)
  run.holder = sub(raw, 16)
  return fence, run.holder
end

-- Status of a worker: seenAt, leaseMs, draining, drain order, ended; then the ids it must cancel.
local STATUS = '>I6I6BBB'

local function readStatus(lease)
  local raw = call('HGET', K.status, lease)
  if not raw then return nil end
  local seenAt, leaseMs, draining, drainOrder, ended = unpack1(STATUS, raw)
  return {
    seenAt = seenAt, leaseMs = leaseMs, draining = draining, drainOrder = drainOrder, ended = ended,
    cancels = sub(raw, 16),
  }
end

local function writeStatus(lease, s)
  call('HSET', K.status, lease, pack(STATUS, s.seenAt, s.leaseMs, s.draining, s.drainOrder, s.ended) .. s.cancels)
end

--- Returns a worker's orders: { drain order, 'id id ...' }.
local function ordersOf(status)
  if not status then return { 0, '' } end
  return { status.drainOrder, status.cancels }
end

local madeOrders

--- Made for the first order to cancel, or the first withdrawal of one.
local function cancelOrders()
  if madeOrders then return madeOrders end

  local function give(lease, id)
    local status = readStatus(lease)
    if not status then return end
    status.cancels = status.cancels .. id .. ' '
    writeStatus(lease, status)
    woken[lease] = true
  end

  local function forget(lease, id)
    local status = readStatus(lease)
    if not status or status.cancels == '' then return end
    local kept = {}
    for known in string.gmatch(status.cancels, '%S+') do
      if known ~= id then kept[#kept + 1] = known .. ' ' end
    end
    status.cancels = table.concat(kept)
    writeStatus(lease, status)
  end

  madeOrders = { give = give, forget = forget }
  return madeOrders
end

-- Classes of ready runs ---------------------------------------------------------------------------------------

-- Claims and the sweep forget classes that they find empty: each one costs every claim a read.
local classesOfJob, classLookups, classIndexes, changedClasses = {}, {}, {}, {}
-- A job with more classes than this gets an index after that many searches.
local FEW_CLASSES, SEARCHES = 10, 4

--- Returns a flat list { code, queue, version, ... } of the classes of a job that may hold ready runs.
local function jobClasses(job)
  local known = classesOfJob[job]
  if not known then
    local raw = call('HGET', K.classes, job)
    known = raw and cmsgpack.unpack(raw) or {}
    classesOfJob[job] = known
  end
  return known
end

--- Reads the classes of several jobs at once.
local function preloadClasses(jobs)
  local names = {}
  for i = 1, #jobs do names[i] = jobs[i].name end
  for first = 1, #names, LARGEST_CALL do
    local last = math.min(#names, first + LARGEST_CALL - 1)
    local raws = call('HMGET', K.classes, unpack(names, first, last))
    for i = 1, #raws do
      local job = names[first + i - 1]
      classesOfJob[job] = classesOfJob[job] or raws[i] and cmsgpack.unpack(raws[i]) or {}
    end
  end
end

local function indexClasses(job)
  local known, index = jobClasses(job), {}
  for i = 1, #known, 3 do index[known[i + 1] .. '\0' .. known[i + 2]] = known[i] end
  classIndexes[job] = index
end

local function knownClass(run)
  local job = run[JOB]
  local index = classIndexes[job]
  if index then return index[run[QUEUE] .. '\0' .. run[VERSION]] end
  local known, lookups = jobClasses(job), (classLookups[job] or 0) + 1
  classLookups[job] = lookups
  if lookups >= SEARCHES and #known > 3 * FEW_CLASSES then indexClasses(job) end
  for i = 1, #known, 3 do
    if known[i + 2] == run[VERSION] and known[i + 1] == run[QUEUE] then return known[i] end
  end
end

--- Returns the number that stands for (queue, job, version) in the ready sets; makes the class if it is new. A run that
--- needs protection has its own version (stored-version.ts), and so its own class.
local function classOf(run)
  local number = knownClass(run)
  if number then return number end
  number = call('HINCRBY', K.meta, 'classes', 1)
  local known = jobClasses(run[JOB])
  known[#known + 1], known[#known + 2], known[#known + 3] = number, run[QUEUE], run[VERSION]
  local index = classIndexes[run[JOB]]
  if index then index[run[QUEUE] .. '\0' .. run[VERSION]] = number end
  changedClasses[run[JOB]] = true
  return number
end

--- Forgets classes of a job, a set of numbers: they have no ready runs and no pending writes.
local function forgetClasses(job, numbers)
  local known, kept = jobClasses(job), {}
  for i = 1, #known, 3 do
    if not numbers[known[i]] then
      kept[#kept + 1], kept[#kept + 2], kept[#kept + 3] = known[i], known[i + 1], known[i + 2]
    end
  end
  if #kept == #known then return end
  classesOfJob[job], classIndexes[job], changedClasses[job] = kept, nil, true
end

--- R17: the run was lost so often that a lease takes at most one such run.
local function isSuspect(run) return run[STREAK] >= SUSPECT_STREAK end

local function readySet(run) return isSuspect(run) and K.suspects or K.ready end

local function readyMember(run, class) return pack('>I4I2I6', class, 1000 - run[PRIORITY], run[SEQ]) .. run[ID] end

local function indexMember(run) return pack('>BI6', run[STATE], run[SEQ]) .. run[ID] end

-- Instants ----------------------------------------------------------------------------------------------------
-- A scheduled run that waits for an instant by the wall stores it as the extra `i` and is a member of `instants`.
-- WAKE_AT and EXPIRES_AT keep their values from the enqueue, so its entry in `due` may be early or late; `promote`
-- corrects that.

local function instantOf(run) return run[STATE] == SCHEDULED and mayHave(run, 'i') and extrasOf(run).i or nil end

--- Returns when a run that never started expires, in the store's time, or 0.
local function expiryOf(run)
  local instant = run[EXPIRES_AT] ~= 0 and instantOf(run)
  if not instant then return run[EXPIRES_AT] end
  return instant - wall + now + run[EXPIRES_AT] - run[WAKE_AT]
end

-- Places ------------------------------------------------------------------------------------------------------

--- L2. The worker enforces a held run's deadline; the claim checks a ready run's.
local function dueAt(run)
  local state, a, b = run[STATE], 0, 0
  if state == READY then a = run[EXPIRES_AT]
  elseif state == SCHEDULED then a, b = run[WAKE_AT], run[EXPIRES_AT]
  elseif state == WAITING then
    a, b = run[WAKE_AT], run[DEADLINE_AT]
    -- Only a run that never started can expire.
    if run[EXPIRES_AT] ~= 0 then b = b == 0 and run[EXPIRES_AT] or math.min(b, run[EXPIRES_AT]) end
  elseif state == BLOCKED then a = run[DEADLINE_AT] end
  if a == 0 then return b end
  if b == 0 then return a end
  return math.min(a, b)
end

local madeOtherPlaces

--- Made for the first run that enters or leaves a state other than ready, held or completed.
local function otherPlaces()
  if madeOtherPlaces then return madeOtherPlaces end

  --- Adds a run to the sets by which lists find it, or removes it: `put` is zadd or zrem. The run is neither held nor
  --- completed. A ready run is in them only if it waited before: the age of the others follows from their number.
  local function file(run, put)
    local state = run[STATE]
    if state ~= READY then
      put(K.groups, pack('>B', state) .. run[JOB] .. '\0' .. run[QUEUE] .. '\0' .. pack('>I6', run[SEQ]) .. run[ID], '0')
    end
    if state ~= SCHEDULED then put(K.changed, pack('>BI6I6', state, run[CHANGED_AT], run[SEQ]) .. run[ID], '0') end
  end

  --- For earlier versions, which have no other counter of these states.
  local function count(run, by)
    local field = run[QUEUE] .. '\0' .. run[STATE]
    counts[field] = (counts[field] or 0) + by
  end

  --- A failed run has the failure's fingerprint as its extra `f` and is a member of `failedBy`. An earlier version
  --- keeps the extra but doesn't know `failedBy`: the sweep forgets members of runs that it moved.
  local function failedMember(run) return extrasOf(run).f .. '\0' .. pack('>I6', run[SEQ]) .. run[ID] end

  --- The rest of `leavePlace` for these states.
  local function leave(run)
    file(run, zrem)
    if run[STATE] < COMPLETED then count(run, -1) end
    if run[STATE] == FAILED and mayHave(run, 'f') then
      zrem(K.failedBy, failedMember(run))
      setExtra(run, 'f', nil)
    end
    if instantOf(run) then
      zrem(K.instants, run[ID])
      run[EXPIRES_AT] = expiryOf(run)
      setExtra(run, 'i', nil)
    end
  end

  --- The rest of `enterPlace` for these states.
  local function enter(run)
    file(run, zadd)
    if run[STATE] == FAILED and mayHave(run, 'f') then zadd(K.failedBy, failedMember(run), '0') end
    if run[STATE] >= COMPLETED then return end
    count(run, 1)
    local instant = instantOf(run)
    if instant then zadd(K.instants, run[ID], instant) end
  end

  madeOtherPlaces = { file = file, leave = leave, enter = enter }
  return madeOtherPlaces
end

local function leavePlace(run)
  local state = run[STATE]
  if state == READY then
    zrem(readySet(run), run.member or readyMember(run, classOf(run)))
    run.member = nil
    if run[CHANGED_AT] ~= run[ENQUEUED_AT] then otherPlaces().file(run, zrem) end
  elseif state == RUNNING or state == CANCELLING then
    if not run.holder then readStay(run) end
    local lease = run.holder
    if lease then
      run.holder = nil
      hdel(K.stays, run[ID])
      zrem(K.held, lease .. run[ID])
      if state == CANCELLING then cancelOrders().forget(lease, run[ID]) end
    end
    return
  else
    zrem(K.index, indexMember(run))
    if state ~= COMPLETED then otherPlaces().leave(run) end
  end
  if dueAt(run) ~= 0 then zrem(K.due, run[ID]) end
end

--- Wakes one idle slot that could take such a run when the script ends.
local function countWake(run)
  local class = run[JOB] .. '\0' .. run[VERSION] .. '\0' .. run[QUEUE] .. (isSuspect(run) and '\0' or '')
  local known = wakes[class]
  if not known then
    known = { job = run[JOB], version = run[VERSION], queue = run[QUEUE], suspect = isSuspect(run), n = 0 }
    wakes[class] = known
  end
  known.n = known.n + 1
  run.wakes = known
end

--- A run that this script itself hands out wakes no worker.
local function uncountWake(run)
  if run.wakes then run.wakes.n = run.wakes.n - 1 end
  run.wakes = nil
end

--- Returns the list from which runs of an ended state are pruned; in order as long as the retention policy is the same.
local function endedList(state)
  if state == COMPLETED then return K.endedCompleted end
  if state == FAILED then return K.endedFailed end
  if state == CANCELLED then return K.endedCancelled end
  return K.endedExpired
end

local function enterPlace(run, lease)
  local state = run[STATE]
  if state == READY then
    zadd(readySet(run), readyMember(run, classOf(run)), '0')
    if run[CHANGED_AT] ~= run[ENQUEUED_AT] then otherPlaces().file(run, zadd) end
    countWake(run)
  elseif state == RUNNING then
    hset(K.stays, run[ID], pack('>I6I4I4B', run[FENCE], run[POSITION], run[BYTES], run[STREAK]) .. lease)
    zadd(K.held, lease .. run[ID], '0')
    return
  else
    zadd(K.index, indexMember(run), '0')
    if state ~= COMPLETED then otherPlaces().enter(run) end
    if state >= COMPLETED then
      rpush(endedList(state), pack('>I6', now) .. run[ID])
      return
    end
  end
  local due = dueAt(run)
  if due ~= 0 then zadd(K.due, run[ID], due) end
end

local function measure(run, transition, wait, stay, total)
  local n, job, queue = #events, run[JOB], run[QUEUE]
  events[n + 1], events[n + 2], events[n + 3], events[n + 4], events[n + 5] = run[ID], job, queue, transition, run[STATE]
  local jobs = cells[queue]
  if not jobs then
    jobs = {}
    cells[queue] = jobs
  end
  local cell = jobs[job]
  if not cell then
    cell = { counts = {}, wait = {}, run = {}, total = {} }
    jobs[job] = cell
  end
  cell.counts[transition] = (cell.counts[transition] or 0) + 1
  if wait then cell.wait[#cell.wait + 1] = wait end
  if stay then cell.run[#cell.run + 1] = stay end
  if total then cell.total[#cell.total + 1] = total end
end

local moves = {}

--- Returns the next state by the table of model/run.ts, as text: ';state transition=next'.
local function nextState(from, transition)
  local known = moves[transition]
  if not known then
    known = {}
    moves[transition] = known
  end
  local state = known[from]
  if not state then
    local _, at = string.find(MOVES, ';' .. from .. ' ' .. transition .. '=', 1, true)
    if not at then error("'" .. transition .. "' is no move from state " .. from) end
    state = tonumber(string.match(MOVES, '^%d+', at + 1))
    known[from] = state
  end
  return state
end

-- Counters ----------------------------------------------------------------------------------------------------
-- `runCounts` counts runs by queue, job and state, except ready ones: the ready sets count those by class, see
-- run-counts-part. Readers skip a 0. `finish` leaves a 0 of running runs to the sweep: to delete it at once would cost
-- a queue that often becomes idle one more command each time.
-- RC1  A script's changes are summed and written by `finish`, so that counters cost by script, not by run.
-- RC2  A recount goes through `index` by state and number, then through the runs of each lease, and keeps its own sums
--     behind an empty queue; in between it repairs `groups` and `changed`. `recountedTo` is its progress: the last
--     number of a run when it began, then a letter and a position: `i` state and number, `g` a member of `groups`, `c`
--     of `changed`, `r` of `ready`, `s` of `suspects`, `h` a lease. A move also counts in its sums if it is at or
--     before that position, or if the run is newer than the recount: the recount skips those, or it might never end.
-- RC3  An earlier version beside this one counts nothing. The sweep compares sums and requests a recount if they
--     differ.

local tallies, retallies = {}, {}
-- Nil until it is read, false when no recount is under way.
local recountedTo, retally

--- RC2. Made while a recount is under way. `from`: the state a run left and the lease that held it there; `into` alike.
local function makeRetally()
  local newest, phase, to = string.match(recountedTo, '^(%d+) (%a)(.*)$')
  newest = tonumber(newest)
  local stateTo, seqTo = string.match(phase == 'i' and to or '', '^(%d+) (%d+)$')
  stateTo, seqTo = tonumber(stateTo), tonumber(seqTo)

  local function isRecounted(run, state, lease)
    if not state or state == READY then return false end
    if run[SEQ] > newest then return true end
    if state == RUNNING or state == CANCELLING then return phase == 'h' and lease and lease <= to end
    return not stateTo or state < stateTo or state == stateTo and run[SEQ] <= seqTo
  end

  return function(run, from, fromLease, into, intoLease)
    local states = {}
    if isRecounted(run, from, fromLease) then states[from] = -1 end
    if isRecounted(run, into, intoLease) then states[into] = (states[into] or 0) + 1 end
    for state, by in pairs(states) do
      local field = '\0' .. run[QUEUE] .. '\0' .. run[JOB] .. '\0' .. state
      retallies[field] = (retallies[field] or 0) + by
    end
  end
end

--- Moves a run from one state's counter to another's; nil for none.
local function tally(run, from, to, fromLease, toLease)
  local group = run[QUEUE] .. '\0' .. run[JOB] .. '\0'
  local states = tallies[group]
  if not states then
    states = {}
    tallies[group] = states
  end
  if from and from ~= READY then states[from] = (states[from] or 0) - 1 end
  if to and to ~= READY then states[to] = (states[to] or 0) + 1 end
  if recountedTo == nil then recountedTo = call('HGET', K.meta, 'recountedTo') end
  if not recountedTo then return end
  retally = retally or makeRetally()
  retally(run, from, fromLease, to, toLease)
end

local function writeTallies()
  for group, states in pairs(tallies) do
    for state, by in pairs(states) do
      if by ~= 0 then
        local n = call('HINCRBY', K.runCounts, group .. state, by)
        if n == 0 and state ~= RUNNING then call('HDEL', K.runCounts, group .. state) end
      end
    end
  end
  for field, by in pairs(retallies) do call('HINCRBY', K.runCounts, field, by) end
  tallies, retallies = {}, {}
end

-- Executions (store/executions.ts) ----------------------------------------------------------------------------
-- Ended executions are a text, the extra `x`: how many there were, then a line for each of the first and the last ones.
-- In the states running, cancelling and completed, WAKE_AT is when the run became ready before its claim.

local madeExecutions

--- Made for the first execution to record.
local function executions()
  if madeExecutions then return madeExecutions end
  -- Runs of one script share their worker and most of their times.
  local ends, nowText = {}, text(now)

  local function versionOn(worker, job)
    for i = 1, #worker.jobs do
      if worker.jobs[i].name == job then return worker.jobs[i].version end
    end
    return ''
  end

  --- Returns the end of a line, which names the worker.
  local function endOf(lease, job)
    local field = (lease or '') .. '\0' .. job
    local known = ends[field]
    if not known then
      local raw = lease and call('HGET', K.workers, lease)
      local worker = raw and cmsgpack.unpack(raw)
      known = '\t\t\n'
      if worker then
        local task = worker.task and '\t' .. string.match(worker.task, '[^/]*$') or ''
        known = '\t' .. versionOn(worker, job) .. '\t' .. string.gsub(worker.name, '%c', ' ') .. task .. '\n'
      end
      ends[field] = known
    end
    return known
  end

  --- Returns the text without the first line of the recent ones.
  local function withoutMiddle(lines)
    local from = 1
    for _ = 1, FIRST_EXECUTIONS do from = string.find(lines, '\n', from, true) + 1 end
    return sub(lines, 1, from - 1) .. sub(lines, string.find(lines, '\n', from, true) + 1)
  end

  --- A run whose extras are near the bound of a record adds no more: it must be able to move.
  --- @param begun When it was claimed, when it had become ready (store time, 0 if unknown), and its lease.
  madeExecutions = function(run, transition, begun)
    if #run[EXTRAS] > 49152 then return end
    local count, lines = 0, ''
    if mayHave(run, 'x') and extrasOf(run).x then
      count, lines = string.match(extrasOf(run).x, '^(%d+)\n(.*)$')
      count = tonumber(count)
    end
    if count >= FIRST_EXECUTIONS + LAST_EXECUTIONS then lines = withoutMiddle(lines) end
    local untilAt = run[STATE] == WAITING and run[WAKE_AT] ~= 0 and text(run[WAKE_AT]) or ''
    setExtra(run, 'x', text(count + 1) .. '\n' .. lines
      .. text(begun.at) .. '\t' .. (begun.readyAt ~= 0 and text(begun.readyAt) or '') .. '\t' .. nowText .. '\t'
      .. transition .. '\t' .. untilAt .. endOf(begun.lease, run[JOB]))
  end
  return madeExecutions
end

--- The only function that moves a run (P4). `to` holds other fields that change, `lease` the run's next holder.
local function place(run, transition, to, lease)
  if run.moved then flush() end
  local from = run[STATE]
  local state = nextState(from, transition)
  local since = now - run[CHANGED_AT]
  local staysHeld = state == CANCELLING
  -- A claim has taken its limits already.
  local limited = not staysHeld and transition ~= 'claim' and hasLimits(run)
  if limited then limits().forgetGrant(run) end
  local isHeld = from == RUNNING or from == CANCELLING
  local holder = isHeld and (run.holder or select(2, readStay(run)))
  local begun
  if isHeld and not staysHeld then
    -- A first execution that completes its run isn't recorded: a later claim, even in the same ms, has a higher fence.
    if transition ~= 'complete' or run[STARTED_AT] ~= run[FENCE] then
      -- A fence is the time of its claim, unless the clock went back; a state that began later is later.
      begun = { at = math.min(run[FENCE], run[CHANGED_AT]), readyAt = run[WAKE_AT], lease = holder }
    end
  end
  if not staysHeld then leavePlace(run) end
  if to then
    for field, value in pairs(to) do run[field] = value end
  end
  if run[STARTED_AT] ~= 0 then run[EXPIRES_AT] = 0 end
  if state >= COMPLETED then run[EXPIRES_AT], run[DEADLINE_AT] = 0, 0 end
  run[STATE] = state
  measure(run, transition, transition == 'claim' and since, from == RUNNING and not staysHeld and since,
    state >= COMPLETED and now - (mayHave(run, 'r') and extrasOf(run).r or run[ENQUEUED_AT]))
  if transition == 'retry' then setExtra(run, 'r', now) end
  local line
  if limited then
    limits().leave(run, from, state, transition)
    line = state == READY and limits().pass(run)
    if line then
      state = WAITING
      run[STATE] = state
      measure(run, 'line up')
    end
  end
  local mayMoveKeys = state >= COMPLETED or transition == 'claim' or transition == 'retry' or transition == 'unblock'
  if mayMoveKeys and mayHave(run, 'u') then uniqueKeys().moveKeys(run, transition) end
  tally(run, from, state, holder, staysHeld and holder or lease)
  if to and to[SETTLED_FENCE] then run[SETTLED_STATE] = state end
  if transition == 'claim' then run[WAKE_AT] = run[CHANGED_AT]
  elseif line or transition == 'line up' then run[WAKE_AT] = 0
  elseif state ~= SCHEDULED and state ~= WAITING and state ~= CANCELLING and transition ~= 'complete' then run[WAKE_AT] = 0 end
  run[CHANGED_AT] = now
  if begun then executions()(run, transition, begun) end
  if line then
    setExtra(run, 'w', { 'limit', 0, line })
  elseif state ~= WAITING then
    setExtra(run, 'w', nil)
  end
  if state ~= CANCELLING and state ~= CANCELLED then setExtra(run, 'c', nil) end
  if not staysHeld and state ~= RUNNING then setExtra(run, 'T', nil) end
  if not staysHeld then enterPlace(run, lease) end
  markDirty(run)
  run.moved = true
  return state
end

--- Moves a held run out of its slot: a run ordered to stop is cancelled, whatever the transition.
local function leaveSlot(run, transition, to)
  if run[STATE] == CANCELLING then return place(run, 'end cancel', to) end
  return place(run, transition, to)
end

local notes = {}

--- Adds a line beside the steps to a run's history; drops the oldest lines first.
local function note(run, line)
  local id = run[ID]
  local lines = notes[id]
  if not lines then
    local raw = call('HGET', K.history, id)
    lines = raw and cmsgpack.unpack(raw) or {}
    notes[id] = lines
  end
  line.at = now
  lines[#lines + 1] = line
  while #lines > LONGEST_HISTORY do table.remove(lines, 1) end
end

local function heldBy(lease, limit)
  local members = call('ZRANGEBYLEX', K.held, '[' .. lease, '(' .. lease .. '\255', 'LIMIT', 0, limit)
  local ids = {}
  for i = 1, #members do ids[i] = sub(members[i], #lease + 1) end
  preload(ids)
  return ids
end

local function workerName(lease)
  local raw = call('HGET', K.workers, lease)
  return raw and cmsgpack.unpack(raw).name
end

-- Workers that could take a run -------------------------------------------------------------------------------

local function serves(worker, queue)
  if not worker.queues then return true end
  for i = 1, #worker.queues do
    if worker.queues[i] == queue then return true end
  end
  return false
end

--- Returns the protection level of a worker's last claim (protection-level.ts); nil before its first claim.
local function protectionOf(lease)
  local raw = call('HGET', K.claims, lease)
  -- A claim of an earlier release has no level.
  return raw and (cmsgpack.unpack(raw)[3] or NEVER)
end

--- R17: a lease holds at most one poison suspect.
local function holdsSuspect(lease)
  local members = call('ZRANGEBYLEX', K.held, '[' .. lease, '(' .. lease .. '\255')
  for i = 1, #members do
    local raw = call('HGET', K.stays, sub(members[i], #lease + 1))
    if raw and string.byte(raw, 15) >= SUSPECT_STREAK then return true end
  end
  return false
end

-- The end of a script -----------------------------------------------------------------------------------------

--- Writes all pending changes. A later phase of the same script reads what this wrote.
function flush()
  if madeLimits then madeLimits.write() end
  if #dirty > 0 then
    local records = {}
    for i = 1, #dirty do
      local run = dirty[i]
      records[i * 2 - 1] = run[ID]
      records[i * 2] = run.raw or encodeRun(run)
      run.raw, run.moved, run.dirty = nil, nil, nil
    end
    dirty = {}
    callMany('HSET', K.runs, records)
  end
  for id, lines in pairs(notes) do hset(K.history, id, cmsgpack.pack(lines)) end
  notes = {}
  for job in pairs(changedClasses) do
    local known = classesOfJob[job]
    if #known == 0 then hdel(K.classes, job) else hset(K.classes, job, cmsgpack.pack(known)) end
  end
  changedClasses = {}
  for key, list in pairs(deletes) do callMany('HDEL', key, list) end
  for key, list in pairs(sets) do callMany('HSET', key, list) end
  for key, list in pairs(removes) do callMany('ZREM', key, list) end
  for key, list in pairs(adds) do callMany('ZADD', key, list) end
  for key, list in pairs(pushes) do callMany('RPUSH', key, list) end
  sets, deletes, adds, removes, pushes = {}, {}, {}, {}, {}
  for field, by in pairs(counts) do
    if by ~= 0 then call('HINCRBY', K.counts, field, by) end
  end
  counts = {}
end

--- Adds measurements to the cells of this minute.
local function writeCells()
  --- Adds durations in ms. A stored histogram is { sum in ms, number of leading buckets left out as 0, bucket, ... };
  --- one that earlier versions add to leaves out none and has no such number: `from` is the position of its first
  --- bucket.
  local function addDurations(stored, from, durations)
    for i = 1, #durations do
      local ms, bits = math.max(0, durations[i]), 0
      if ms >= 1 then
        local _, exponent = math.frexp(ms)
        bits = exponent < 40 and exponent or 39
      end
      stored[1] = stored[1] + ms
      local place = from + bits
      if from == 3 then
        stored[2] = stored[2] or bits
        while bits < stored[2] do
          stored[2] = stored[2] - 1
          table.insert(stored, 3, 0)
        end
        place = 3 + bits - stored[2]
      end
      for empty = #stored + 1, place do stored[empty] = 0 end
      stored[place] = stored[place] + 1
    end
  end

  local function addCounts(stored, counts)
    for transition, times in pairs(counts) do stored[transition] = (stored[transition] or 0) + times end
  end

  local made

  --- Made for a minute's first new cell: `begin` and `addToHour`.
  local function minuteWork()
    if made then return made end
    -- More than one old cell per new one, so that a crowded minute's backlog gets done, too.
    local AT_ONCE = 10

    local function forgetOldCells(from, to)
      local old = call('ZRANGEBYSCORE', K.minuteOrder, from, to, 'LIMIT', 0, AT_ONCE)
      if #old == 0 then return end
      call('ZREM', K.minuteOrder, unpack(old))
      call('HDEL', K.minutes, unpack(old))
    end

    --- Adds to the cell of an hour, stored after all minutes, where earlier versions don't look. It is the sum of those
    --- cells of its minutes that have `inHour`.
    local function addToHour(minute, name, add)
      local hour = floor(minute / 60)
      local field = 'h' .. text(hour) .. '\0' .. name
      local raw = call('HGET', K.minutes, field)
      if not raw then
        call('ZADD', K.minuteOrder, HOURS_FROM + hour, field)
        forgetOldCells(HOURS_FROM, HOURS_FROM + hour - KEPT_HOURS)
      end
      local stored = raw and cmsgpack.unpack(raw) or { counts = {}, wait = { 0 }, run = { 0 } }
      add(stored)
      call('HSET', K.minutes, field, cmsgpack.pack(stored))
    end

    local function addHistogram(stored, added)
      for i = 1, #added do stored[i] = (stored[i] or 0) + added[i] end
      return stored
    end

    --- Either may leave out more buckets than the other.
    local function addTotal(stored, added)
      if not added then return stored end
      if not stored then return added end
      local lower, upper = stored, added
      if added[2] < stored[2] then lower, upper = added, stored end
      lower[1] = lower[1] + upper[1]
      for i = 3, #upper do
        local place = i + upper[2] - lower[2]
        for empty = #lower + 1, place do lower[empty] = 0 end
        lower[place] = lower[place] + upper[i]
      end
      return lower
    end

    local function roll(field)
      local raw = call('HGET', K.minutes, field)
      local cell = raw and cmsgpack.unpack(raw)
      if not cell or cell.inHour then return end
      local minute, name = string.match(field, '^(%d+)%z(.*)$')
      addToHour(tonumber(minute), name, function(hour)
        addCounts(hour.counts, cell.counts)
        addHistogram(hour.wait, cell.wait)
        addHistogram(hour.run, cell.run)
        hour.total = addTotal(hour.total, cell.total)
      end)
      -- `addTotal` may have changed the other.
      cell = cmsgpack.unpack(raw)
      cell.inHour = true
      call('HSET', K.minutes, field, cmsgpack.pack(cell))
    end

    --- Adds some finished minutes to their hours. Only a new cell does this, so most transitions write no hour. All
    --- cells before `rolled` (a minute and a position in it) are in their hours. Returns the first minute that may have
    --- others.
    local function rollMinutes(minute)
      local from, offset = string.match(call('HGET', K.meta, 'rolled') or '', '^(%d+) (%d+)$')
      from, offset = tonumber(from) or 0, tonumber(offset) or 0
      local finished = call('ZRANGEBYSCORE', K.minuteOrder, from, minute - 1, 'LIMIT', offset, AT_ONCE)
      for i = 1, #finished do roll(finished[i]) end
      if #finished < AT_ONCE then
        -- Or the clock was set back to it: cells it passes again already have `inHour`.
        from, offset = minute, 0
      else
        for i = 1, #finished do
          local of = tonumber(string.match(finished[i], '^%d+'))
          if of == from then offset = offset + 1 else from, offset = of, 1 end
        end
      end
      call('HSET', K.meta, 'rolled', text(from) .. ' ' .. text(offset))
      return from
    end

    --- Returns the net change of ready runs per queue in this script: they are in the ready sets already, but the
    --- counters aren't stored yet. A run that leaves a state enters another one, or is new.
    local function changeOfReady()
      local changes = {}
      local function add(queue, by) changes[queue] = (changes[queue] or 0) + by end
      for group, states in pairs(tallies) do
        local queue = string.match(group, '^%Z+')
        for _, by in pairs(states) do add(queue, -by) end
      end
      for queue, jobs in pairs(cells) do
        for _, cell in pairs(jobs) do add(queue, cell.counts.enqueue or 0) end
      end
      return changes
    end

    --- Returns live runs by queue before this script, without scheduled ones.
    local function backlogs()
      local sums = changeOfReady()
      for queue, by in pairs(sums) do sums[queue] = -by end
      local stored = call('HGETALL', K.runCounts)
      for i = 1, #stored, 2 do
        local queue, state = string.match(stored[i], '^(%Z+)%z.*%z(%d+)$')
        state = tonumber(state)
        if queue and state > SCHEDULED and state < COMPLETED then sums[queue] = (sums[queue] or 0) + tonumber(stored[i + 1]) end
      end
      local classes = call('HGETALL', K.classes)
      for i = 2, #classes, 2 do
        local known = cmsgpack.unpack(classes[i])
        for c = 1, #known, 3 do
          local from, queue = pack('>I4', known[c]), known[c + 1]
          local to = '(' .. from .. '\255'
          sums[queue] = (sums[queue] or 0) + call('ZLEXCOUNT', K.ready, '[' .. from, to) + call('ZLEXCOUNT', K.suspects, '[' .. from, to)
        end
      end
      return sums
    end

    --- The sample: the total, whether all queues are in it, the largest backlogs.
    local function backlogSample()
      local sums, order, total, kept = backlogs(), {}, 0, {}
      for queue, n in pairs(sums) do
        if n > 0 then order[#order + 1], total = queue, total + n end
      end
      table.sort(order, function(a, b) return sums[a] > sums[b] end)
      for i = 1, math.min(#order, SAMPLED_QUEUES) do kept[order[i]] = sums[order[i]] end
      return pack('>I6B', total, #order <= SAMPLED_QUEUES and 1 or 0) .. cmsgpack.pack(kept)
    end

    --- Records the earliest minute in a field of `meta`.
    local function noteFirst(field, minute)
      local known = tonumber(call('HGET', K.meta, field))
      if not known or known > minute then call('HSET', K.meta, field, text(minute)) end
    end

    --- Stores the sample of a period in its slot, unless it has one.
    local function keepSample(unit, slots, period, sample)
      local slot = unit .. text(period % slots)
      local known = call('HGET', K.minutes, slot)
      if not known or unpack1('>I6', known) ~= period then call('HSET', K.minutes, slot, pack('>I6', period) .. sample) end
    end

    --- Records the start of a minute, and of its hour, if this script makes the first transition in it.
    local function beginPeriods(minute)
      local last = call('HGET', K.minutes, 'm' .. text(minute % KEPT_MINUTES))
      if last and unpack1('>I6', last) == minute then return end
      -- An earlier version may have counted minutes before.
      local oldest = tonumber(call('ZRANGE', K.minuteOrder, 0, 0, 'WITHSCORES')[2]) or minute
      noteFirst('countedSince', math.min(oldest, minute))
      -- During the first count of the runs, backlogs are unknown.
      if call('HEXISTS', K.meta, 'recountedAt') == 0 then return end
      if call('HLEN', K.runCounts) + call('HLEN', K.classes) > SAMPLED_COUNTERS then return end
      local sample = backlogSample()
      keepSample('m', KEPT_MINUTES, minute, sample)
      keepSample('s', KEPT_HOURS, floor(minute / 60), sample)
      noteFirst('sampledSince', minute)
    end

    local function begin(minute, field)
      beginPeriods(minute)
      local from = rollMinutes(minute)
      forgetOldCells('-inf', math.min(minute - KEPT_MINUTES, from - 1))
      call('ZADD', K.minuteOrder, minute, field)
    end

    made = { begin = begin, addToHour = addToHour }
    return made
  end

  local function addCell(stored, cell)
    addCounts(stored.counts, cell.counts)
    addDurations(stored.wait, 2, cell.wait)
    addDurations(stored.run, 2, cell.run)
    if cell.total[1] then
      stored.total = stored.total or { 0 }
      addDurations(stored.total, 3, cell.total)
    end
  end

  local minute = floor(wall / 60000)
  local names, added, fields, stored = {}, {}, {}, {}
  for queue, jobs in pairs(cells) do
    for job, cell in pairs(jobs) do
      local n = #names + 1
      names[n], added[n] = queue .. '\0' .. job, cell
      fields[n] = text(minute) .. '\0' .. names[n]
    end
  end

  local function add(n, raw)
    if not raw then minuteWork().begin(minute, fields[n]) end
    local cell = raw and cmsgpack.unpack(raw) or { counts = {}, wait = { 0 }, run = { 0 } }
    addCell(cell, added[n])
    -- The clock was set back to a minute whose cells are in its hour already.
    if cell.inHour then minuteWork().addToHour(minute, names[n], function(hour) addCell(hour, added[n]) end) end
    stored[n * 2 - 1], stored[n * 2] = fields[n], cmsgpack.pack(cell)
  end

  for first = 1, #fields, LARGEST_CALL do
    local raws = call('HMGET', K.minutes, unpack(fields, first, math.min(#fields, first + LARGEST_CALL - 1)))
    for i = 1, #raws do add(first + i - 1, raws[i]) end
  end
  callMany('HSET', K.minutes, stored)
end

--- Picks idle workers for the runs that became ready, about as many free slots as runs, so that one enqueue wakes
--- one worker and not fifty. A picked worker counts as busy until its next claim that finds no run.
local function pickIdle()
  if next(wakes) == nil or call('HLEN', K.idle) == 0 then return end
  local LOOKED_AT = 100

  --- Returns leases of workers that know the job, starting at a varying one, so that all get their turn.
  local function workersOf(job, version)
    local from = string.format('%x', time[2] % 16)
    local first, last = '[' .. job .. '\0', '(' .. job .. '\1'
    local found = call('ZRANGEBYLEX', K.knows, first .. from, last, 'LIMIT', 0, LOOKED_AT)
    if #found < LOOKED_AT then
      local rest = call('ZRANGEBYLEX', K.knows, first, '(' .. job .. '\0' .. from, 'LIMIT', 0, LOOKED_AT - #found)
      for i = 1, #rest do found[#found + 1] = rest[i] end
    end
    local leases = {}
    for i = 1, #found do
      -- job \0 lease \0 version
      local lease, upTo = string.match(sub(found[i], #job + 2), '^([^%z]+)%z(%d+)$')
      if lease and tonumber(upTo) >= version then leases[#leases + 1] = lease end
    end
    return leases
  end

  --- Whether an idle worker can take runs of these, so that its wake-up isn't wasted.
  local function canTake(lease, wanted)
    local raw = call('HGET', K.workers, lease)
    return raw and serves(cmsgpack.unpack(raw), wanted.queue) and not (wanted.suspect and holdsSuspect(lease))
  end

  --- Picks among leases, of which `free` has the free slots. `level`: the protection level in their last claims, nil
  --- for runs that need no protection.
  local function pickOf(leases, free, wanted, level)
    for i = 1, #leases do
      if wanted.n <= 0 then return end
      if free[i] and canTake(leases[i], wanted) and (not level or protectionOf(leases[i]) == level) then
        -- A worker that has to request protection requests it for its whole task.
        wanted.n = wanted.n - ((wanted.suspect or level == MAY_ASK) and 1 or tonumber(free[i]))
        -- The reply to its claim lists these runs.
        if level ~= MAY_ASK or leases[i] ~= told then
          call('HDEL', K.idle, leases[i])
          free[i] = false
          woken[leases[i]] = true
        end
      end
    end
  end

  for _, wanted in pairs(wakes) do
    local leases = wanted.n > 0 and workersOf(wanted.job, wanted.version % PROTECTED_FROM) or {}
    local free = #leases > 0 and call('HMGET', K.idle, unpack(leases)) or {}
    if wanted.version < PROTECTED_FROM then
      pickOf(leases, free, wanted)
    else
      for i = 2, told and #leases or 0 do
        if leases[i] == told then leases[1], free[1], leases[i], free[i] = told, free[i], leases[1], free[1] end
      end
      pickOf(leases, free, wanted, TAKES)
      pickOf(leases, free, wanted, MAY_ASK)
    end
  end
end

--- Wakes every idle worker: one of them can take runs that were announced to a lost worker, or that no worker could
--- take.
local function wakeIdle()
  local idle = call('HKEYS', K.idle)
  for i = 1, #idle do woken[idle[i]] = true end
end

--[[
Ends a script that may have moved runs or made another visible change: writes, measures, wakes workers, publishes. The
caller's own worker is woken like any other: only the reply to a claim (`replies`: its lease) carries the orders, and,
to a claim with room (`knowsTimers`), the next timer. Returns whether that worker has runs to claim again.
]]
local function finish(changed, replies, knowsTimers)
  flush()
  if openedLines then nudgeAll() end
  if madeLimits then
    madeLimits.nudgeTouched()
    flush()
    if not knowsTimers then madeLimits.tellTimers() end
  end
  writeEvents()
  -- Before the counters: the backlog sample describes the time before this script.
  if hasMoved then writeCells() end
  writeTallies()
  if writeFailures then writeFailures() end
  pickIdle()
  -- Everything is written by now: these are hints, like `tellChanges`.
  local channel = sub(K.meta, 1, -5)
  for lease in pairs(woken) do
    if lease ~= replies then redis.pcall('PUBLISH', channel .. 'wake:' .. lease, '') end
  end
  if changed or hasMoved then tellChanges() end
  return replies and woken[replies] or false
end

--- Returns the retained reply to a manual request if it was carried out before (S3).
local function answered(request) return call('HGET', K.requests, request) end

--- Retains the reply to a manual request for 10 minutes.
local function keepAnswer(request, answer)
  hset(K.requests, request, answer)
  zadd(K.forget, 'q' .. request, now + KEEP_ANSWERS)
  return answer
end
