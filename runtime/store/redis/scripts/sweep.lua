--[[
Finds ended runs whose time is up or that are beyond the cap, forgets old requests, tombstones and empty classes, and
repairs G6: each live run is in exactly one place, and G7: no unique key outlives its hold. It inspects a bounded part
of the runs and keys and continues there next time.
keys: all
input: time, limit, most ended runs to retain, how long those of each end state are retained (4 x I6, ms)
returns: ids to remove, ids repaired, and job and key, run of each key freed; 1 when it only forgot: call again; 1 when
  a recount is due
writes: when full
uses: prelude limits-part definitions-part declare-limiters-part lost-workers-part
]]
local MOST_FORGOTTEN = 2000
local MOST_ACTIONS_FORGOTTEN = 100
local KEEP_ACTIONS = --[[actions]] 0
local RECOUNT_PAUSE = --[[recount]] 0
local MOST_FAILED = 500
local limit, mostEnded = tonumber(ARGV[2]), tonumber(ARGV[3])

--- Forgets a limiter's key whose state no longer counts, or checks again later.
local function forgetField(field)
  local again = limits().forgetOld(field)
  if again then zadd(K.forget, 'f' .. field, again) end
end

--- Forgets a window, unless a later run has the key by now.
local function forgetWindow(field)
  local raw = uniqueKeys().readKey(field)
  if raw and sub(raw, 1, 1) == 'w' and unpack1('>I6', raw, 2) <= now then uniqueKeys().writeKey(field, false) end
end

--- Forgets old entries. Returns whether there may be more.
local function forgetOld()
  local old = call('ZRANGEBYSCORE', K.forget, '-inf', now, 'LIMIT', 0, MOST_FORGOTTEN)
  for i = 1, #old do
    zrem(K.forget, old[i])
    local kind, name = sub(old[i], 1, 1), sub(old[i], 2)
    if kind == 'q' then hdel(K.requests, name) end
    if kind == 'k' then forgetWindow(name) end
    if kind == 'f' then forgetField(name) end
    if kind == 'c' then hdel(K.cuts, name) end
  end
  return #old == MOST_FORGOTTEN
end

local function forgetActions()
  local old = call('ZRANGEBYSCORE', K.actionOrder, '-inf', now - KEEP_ACTIONS, 'LIMIT', 0, MOST_ACTIONS_FORGOTTEN)
  for i = 1, #old do
    hdel(K.actions, old[i])
    hdel(K.actionProgress, old[i])
    zrem(K.actionOrder, old[i])
  end
end

--- A class without ready runs would cost every claim a read.
local function forgetEmptyClasses()
  local jobs = call('HKEYS', K.classes)
  for i = 1, #jobs do
    local known, empty = jobClasses(jobs[i]), {}
    for c = 1, #known, 3 do
      local code = pack('>I4', known[c])
      local from, to = '[' .. code, '(' .. code .. '\255'
      if call('ZLEXCOUNT', K.ready, from, to) + call('ZLEXCOUNT', K.suspects, from, to) == 0 then empty[known[c]] = true end
    end
    forgetClasses(jobs[i], empty)
  end
end

local function isInPlace(run)
  local state = run[STATE]
  if state == READY then
    local class = knownClass(run)
    return class and call('ZSCORE', readySet(run), readyMember(run, class))
  end
  if state == RUNNING or state == CANCELLING then
    local _, lease = readStay(run)
    return lease and call('HEXISTS', K.workers, lease) == 1 and call('ZSCORE', K.held, lease .. run[ID])
  end
  if state == WAITING or state == SCHEDULED then
    local isOnWaitlist = hasLimits(run) and limits().markKeepers(run)
    local isTimed = call('ZSCORE', K.due, run[ID]) or instantOf(run) and call('ZSCORE', K.instants, run[ID])
    return call('ZSCORE', K.index, indexMember(run)) and (isOnWaitlist or isTimed)
  end
  return call('ZSCORE', K.index, indexMember(run))
end

--- Puts a live run that is in no place, or in the wrong one, where it can continue.
local function repair(run)
  local state = run[STATE]
  if state == RUNNING or state == CANCELLING then
    note(run, { kind = 'repaired', reason = 'it was held by a worker that is not there' })
    leaveSlot(run, 'release')
  elseif state == WAITING or state == SCHEDULED then
    note(run, { kind = 'repaired', reason = 'it waited without a wake-up' })
    place(run, state == SCHEDULED and 'promote' or 'wake')
  else
    note(run, { kind = 'repaired', reason = 'it was in no place' })
    enterPlace(run)
  end
end

local function repairSome()
  local page = call('HSCAN', K.runs, call('HGET', K.meta, 'sweptTo') or '0', 'COUNT', limit)
  call('HSET', K.meta, 'sweptTo', page[1])
  local repaired = {}
  for i = 1, #page[2], 2 do
    local live = string.byte(page[2][i + 1]) < COMPLETED
    local read, run = pcall(decodeRun, page[2][i], page[2][i + 1])
    -- One damaged record must not end the sweep of all others.
    if live and read and not isInPlace(run) and #repaired < limit then
      runs[run[ID]] = run
      repair(run)
      repaired[#repaired + 1] = run[ID]
    end
  end
  return repaired
end

--- Frees keys whose run is gone or has let go of them. Returns those that outlived their run by a fault, without the
--- canonical ones that an earlier release left (U2).
local function freeKeys()
  local page = call('HSCAN', K.unique, call('HGET', K.meta, 'keysSweptTo') or '0', 'COUNT', limit)
  call('HSET', K.meta, 'keysSweptTo', page[1])
  local fields, ids, freed = {}, {}, {}
  for i = 1, #page[2], 2 do
    if sub(page[2][i + 1], 1, 1) == 'r' then
      fields[#fields + 1] = page[2][i]
      ids[#ids + 1] = sub(page[2][i + 1], 2)
    end
  end
  preload(ids)
  for i = 1, #ids do
    local run = runs[ids[i]]
    local own, code = {}, nil
    if run then own, code = uniqueKeys().keysOf(run) end
    if not (run and uniqueKeys().holdsByState(run, code)) then
      uniqueKeys().writeKey(fields[i], false)
      if not (own[2] and own[1] == fields[i]) then
        freed[#freed + 1] = fields[i]
        freed[#freed + 1] = ids[i]
      end
    end
  end
  return freed
end

--- Forgets marks of entries that an earlier version took off their waitlists.
local function forgetKeepers()
  local from = call('HGET', K.meta, 'keepersSweptTo')
  local members = call('ZRANGEBYLEX', K.limitKeepers, from and '(' .. from or '-', '+', 'LIMIT', 0, limit)
  for i = 1, #members do
    if not call('ZSCORE', K.limitLines, members[i]) then call('ZREM', K.limitKeepers, members[i]) end
  end
  if #members == limit then call('HSET', K.meta, 'keepersSweptTo', members[limit])
  elseif from then call('HDEL', K.meta, 'keepersSweptTo') end
end

--- Forgets reports of leases ended by an earlier version, which leaves the reports behind.
local function forgetTold()
  for _, key in ipairs({ K.openSteps, K.reports }) do
    local leases = call('HKEYS', key)
    for i = 1, #leases do
      if call('HEXISTS', K.workers, leases[i]) == 0 then hdel(key, leases[i]) end
    end
  end
end

--- Forgets entries of runs that an earlier version moved or removed.
local function forgetFailed()
  local from, most = call('HGET', K.meta, 'failedSweptTo'), math.min(limit, MOST_FAILED)
  local members = call('ZRANGEBYLEX', K.failedBy, from and '(' .. from or '-', '+', 'LIMIT', 0, most)
  for i = 1, #members do
    local fingerprint, id = string.match(members[i], '^(%Z*)%z......(.*)$')
    local read, run = pcall(load, id)
    local isFailed = run and run[STATE] == FAILED and extrasOf(run).f == fingerprint
    if read and not isFailed then zrem(K.failedBy, members[i]) end
  end
  if #members == most then call('HSET', K.meta, 'failedSweptTo', members[most])
  elseif from then call('HDEL', K.meta, 'failedSweptTo') end
end

-- Each duplicate leaves a retained reply: many of them must not outrun the sweeps.
if forgetOld() then
  flush()
  return { {}, {}, {}, 1, 0 }
end
forgetEmptyClasses()
forgetActions()
forgetTold()
forgetLostWorkers()
settleDefinitions('limiter', applyLimiter)
local freed = freeKeys()
flush()
local repaired = repairSome()
forgetKeepers()
forgetFailed()
finish()

--- Returns ids of ended runs whose time is up, and of the oldest beyond the cap.
local function prunable()
  local lists = { K.endedCompleted, K.endedFailed, K.endedCancelled, K.endedExpired }
  local keep = { unpack1('>I6I6I6I6', ARGV[4]) }
  local heads, total = {}, 0
  for i = 1, 4 do
    heads[i] = call('LRANGE', lists[i], 0, limit - 1)
    total = total + call('LLEN', lists[i])
  end
  local at, found, stale, over = { 1, 1, 1, 1 }, {}, {}, total - mostEnded
  while #found + #stale < limit do
    local oldest, endedAt
    for i = 1, 4 do
      local entry = heads[i][at[i]]
      local time_ = entry and unpack1('>I6', entry)
      if entry and (not oldest or time_ + (over > 0 and 0 or keep[i]) < endedAt + (over > 0 and 0 or keep[oldest])) then
        oldest, endedAt = i, time_
      end
    end
    if not oldest or (over <= 0 and endedAt + keep[oldest] > now) then break end
    local entry = heads[oldest][at[oldest]]
    at[oldest], over = at[oldest] + 1, over - 1
    local run = load(sub(entry, 7))
    -- Removed manually, or retried since.
    if not run or run[STATE] < COMPLETED or run[CHANGED_AT] ~= endedAt then
      stale[#stale + 1] = { lists[oldest], entry }
    else
      found[#found + 1] = run[ID]
    end
  end
  for i = 1, #stale do call('LREM', stale[i][1], 1, stale[i][2]) end
  return found
end

--- Whether the counters and the sets by group and by time have as many runs of each state as `index` (RC3).
local function addUp(stored)
  local sums = {}
  for code = SCHEDULED, EXPIRED do sums[code] = 0 end
  for i = 1, #stored, 2 do
    local state, n = tonumber(string.match(stored[i], '%d+$')), tonumber(stored[i + 1])
    if n < 0 then return false end
    sums[state] = sums[state] + n
  end
  for code = SCHEDULED, EXPIRED do
    local n
    if code == RUNNING then
      n = call('ZCARD', K.held)
      sums[code] = sums[code] + sums[CANCELLING]
    elseif code ~= READY and code ~= CANCELLING then
      local from, to = '[' .. string.char(code), '(' .. string.char(code + 1)
      n = call('ZLEXCOUNT', K.index, from, to)
      if code ~= COMPLETED and n ~= call('ZLEXCOUNT', K.groups, from, to) then return false end
      if code ~= COMPLETED and code ~= SCHEDULED and n ~= call('ZLEXCOUNT', K.changed, from, to) then return false end
    end
    if n and n ~= sums[code] then return false end
  end
  return true
end

local function isRecountDue()
  local stored = call('HGETALL', K.runCounts)
  for i = 1, #stored, 2 do
    if stored[i + 1] == '0' then call('HDEL', K.runCounts, stored[i]) end
  end
  if call('HEXISTS', K.meta, 'recountedTo') == 1 then return true end
  local at = tonumber(call('HGET', K.meta, 'recountedAt'))
  return not at or (math.abs(now - at) >= RECOUNT_PAUSE and not addUp(stored))
end

return { prunable(), repaired, freed, 0, isRecountDue() and 1 or 0 }
