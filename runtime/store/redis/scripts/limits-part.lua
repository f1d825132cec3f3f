--[[
Limits of runs and of their steps: Q1 to Q6 of store/limiters.ts. It owns the keys that begin with `limit`.
A limit request (admission) is stored in the run's extras `L` by path, '' for the job's own: { t = limit holds (takes),
n = which of them it waits for, a, f, u = attempt, fence and turn of a step, r = { refusals, since }, s = 1 for an aged
waiter (senior) }. A hold is a list, its places named below. A ticket is a hold's reservation. A field is a limiter's
name, \0, a key. `G` in the extras: the run's worker has the order to request its limits again.
Waitlists (lines), starts and aged waiters are written at once, states of keys by `write`: every check that could
refuse the call comes before.
]]
local T_NAME, T_KEY, T_COST, T_WHOLE, T_HELD, T_PAID, T_CHARGED, T_TICKET, T_CORRECTED, T_HELD_AT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
local USED, USED_AT, TICKETS, TICKETS_UNTIL, CLOSED_UNTIL, TIMER_AT, PERIOD = 1, 2, 3, 4, 5, 6, 7
local TICKET_MS, SENIOR_REFUSALS, SENIOR_MS, SENIORS_AT_ONCE, WOKEN_AT_ONCE = --[[limits]] 0, 0, 0, 0, 0
local STARTS_AT_ONCE, LINES_AT_ONCE, WORKERS_AT_ONCE = 500, 100, 100
local KEY_STATE = '>dI6dI6I6I6I6'
local LEAST_KEPT = 60000
local IN_LINE, PASSES, KEPT_OUT = 0, 1, 2

-- The run whose own call this script is: the reply to it says when to request again.
local asking
-- Set by a script that writes nothing: expired state of a key stays stored then, and does not count.
local onlyReads = false

function makeLimits()
  local rules, states, changed, touched, served, heads, fields, sooner = {}, {}, {}, {}, {}, {}, {}, {}
  local seniors, keepers

  local function fieldOf(take)
    local field = fields[take]
    if not field then
      field = take[T_NAME] .. '\0' .. take[T_KEY]
      fields[take] = field
    end
    return field
  end

  local function touch(field) touched[field] = true end

  -- Rules and keys -------------------------------------------------------------------------------------------

  --- Returns the rule in force: manual numbers override those of the code; false while no worker has registered the
  --- limiter.
  local function ruleOf(name)
    local rule = rules[name]
    if rule == nil then
      local raw = call('HGET', K.limiters, name)
      rule = false
      if raw then
        local stored = cmsgpack.unpack(raw)
        rule = stored.rule
        for place_, number in pairs(stored.byHand and stored.byHand.numbers or {}) do rule[place_] = number end
        rule.isRate, rule.isBucket = rule.kind ~= 'concurrency', rule.refill > 0
        rule.full = rule.isBucket and rule.max * rule.everyMs or rule.max
      end
      rules[name] = rule
    end
    return rule
  end

  local function weight(rule, cost)
    local most = math.min(cost, rule.max)
    return rule.isBucket and most * rule.everyMs or most
  end

  --- Returns the first instant that a sliding window of now still counts, as the beginning of a member.
  local function windowBegin(rule) return pack('>I6', math.max(0, now - rule.everyMs + 1)) end

  --- Removes starts that have left the window. Starts by a clock that was ahead count from now.
  local function forgetStarts(rule, field, state)
    local prefix = field .. '\0'
    --- Removes the starts between two members; returns the sum of their costs.
    local function take(from, to)
      local cost = 0
      repeat
        local old = call('ZRANGEBYLEX', K.limitStarts, from, to, 'LIMIT', 0, STARTS_AT_ONCE)
        for i = 1, #old do cost = cost + unpack1('>I4', old[i], #prefix + 7) end
        if onlyReads then
          from = '(' .. (old[#old] or '')
        elseif #old > 0 then
          call('ZREM', K.limitStarts, unpack(old))
          changed[field] = rule
        end
      until #old < STARTS_AT_ONCE
      return cost
    end
    state[USED] = state[USED] - take('[' .. prefix, '(' .. prefix .. windowBegin(rule))
    if onlyReads then return end
    local ahead = take('[' .. prefix .. pack('>I6', now + 1), '(' .. prefix .. '\255')
    if ahead > 0 then call('ZADD', K.limitStarts, 0, prefix .. pack('>I6I4', now, ahead)) end
  end

  --- Returns a key's current state, less what time has restored (limiter-math.ts). A clock that went back restores
  --- nothing.
  local function stateOf(rule, field)
    local state = states[field]
    if state then return state end
    local raw = call('HGET', K.limitKeys, field)
    state = raw and { unpack1(KEY_STATE, raw) } or { 0, 0, 0, 0, 0, 0, rule.everyMs }
    state.isNew = not raw
    states[field] = state
    if rule.isBucket then
      -- The rule may have changed since: capacity in use stays in use. Only points may exceed the maximum.
      if state[PERIOD] ~= rule.everyMs then state[USED] = math.ceil(state[USED] * rule.everyMs / state[PERIOD]) end
      if rule.kind ~= 'points' then state[USED] = math.min(state[USED], rule.max * rule.everyMs) end
    end
    state[PERIOD] = rule.everyMs
    if rule.kind == 'fixedWindow' then
      local begin = now - now % rule.everyMs
      if state[USED_AT] < begin then state[USED] = 0 end
      state[USED_AT] = begin
    elseif rule.kind == 'slidingWindow' then
      if raw then forgetStarts(rule, field, state) end
    elseif rule.isBucket then
      state[USED] = math.max(0, state[USED] - math.max(0, now - state[USED_AT]) * rule.refill)
      state[USED_AT] = now
    end
    -- All reservations lapse with the first of them. Those by a clock that was ahead have lapsed, too.
    if now >= state[TICKETS_UNTIL] or state[TICKETS_UNTIL] > now + TICKET_MS then state[TICKETS] = 0 end
    return state
  end

  local function forgottenAt(rule, state)
    if rule.isBucket then return state[USED_AT] + math.ceil(state[USED] / rule.refill) end
    return rule.isRate and state[USED_AT] + rule.everyMs or now
  end

  local function write()
    for field, rule in pairs(changed) do
      local state = states[field]
      if state[USED] == 0 and state[TICKETS] == 0 and state[CLOSED_UNTIL] <= now and state[TIMER_AT] == 0 then
        if not state.isNew then call('HDEL', K.limitKeys, field) end
        state.isNew = true
      else
        call('HSET', K.limitKeys, field, pack(KEY_STATE, unpack(state, 1, 7)))
        -- The sweep checks then whether the key's state still counts.
        if state.isNew then call('ZADD', K.forget, math.max(forgottenAt(rule, state), now + LEAST_KEPT), 'f' .. field) end
        state.isNew = false
      end
    end
    changed = {}
  end

  --- Sets when the waitlist is inspected next. Returns whether that is soon, and sooner than before.
  local function setTimer(rule, field, inMs)
    local state = stateOf(rule, field)
    local before, at = state[TIMER_AT], inMs and now + inMs or 0
    if at == before then return false end
    state[TIMER_AT] = at
    changed[field] = rule
    if at == 0 then call('ZREM', K.limitTimers, field) else call('ZADD', K.limitTimers, at, field) end
    return at ~= 0 and inMs < LONGEST_POLL and (before == 0 or at < before - 1)
  end

  --- Returns the ms until there is room for `lacking` more, nil if time alone doesn't make room.
  local function roomIn(rule, field, state, lacking)
    if rule.kind == 'fixedWindow' then return math.max(1, state[USED_AT] + rule.everyMs - now) end
    if rule.isBucket then return math.max(1, math.ceil(lacking / rule.refill)) end
    if rule.kind ~= 'slidingWindow' then return nil end
    local prefix, freed, above = field .. '\0', 0, '[' .. field .. '\0' .. windowBegin(rule)
    repeat
      local starts = call('ZRANGEBYLEX', K.limitStarts, above, '(' .. prefix .. '\255', 'LIMIT', 0, STARTS_AT_ONCE)
      for i = 1, #starts do
        local at, cost = unpack1('>I6I4', starts[i], #prefix + 1)
        freed = freed + cost
        if freed >= lacking then return math.max(1, math.min(at, now) + rule.everyMs - now) end
      end
      above = '(' .. (starts[#starts] or '')
    until #starts < STARTS_AT_ONCE
    return rule.everyMs
  end

  --- Returns the ms until the key has room for the hold: 0 if it has, nil if only a release makes room.
  local function opening(rule, take, ticketed)
    local field = fieldOf(take)
    local state = stateOf(rule, field)
    if state[CLOSED_UNTIL] > now then return state[CLOSED_UNTIL] - now end
    local need, free = weight(rule, take[T_COST]), rule.full - state[USED]
    if free < need then return roomIn(rule, field, state, need - free) end
    if ticketed or free - state[TICKETS] >= need then return 0 end
    return math.max(1, state[TICKETS_UNTIL] - now)
  end

  local function changeUse(rule, field, by)
    local state = stateOf(rule, field)
    state[USED] = math.max(0, state[USED] + by)
    changed[field] = rule
  end

  local function changeTickets(rule, field, by)
    local state = stateOf(rule, field)
    if state[TICKETS] == 0 and by > 0 then state[TICKETS_UNTIL] = now + TICKET_MS end
    state[TICKETS] = math.max(0, state[TICKETS] + by)
    changed[field] = rule
  end

  local function noteStart(field, cost)
    local prefix = field .. '\0'
    local last = call('ZREVRANGEBYLEX', K.limitStarts, '(' .. prefix .. '\255', '[' .. prefix, 'LIMIT', 0, 1)[1]
    if last then
      local at, before = unpack1('>I6I4', last, #prefix + 1)
      if at == now then
        call('ZREM', K.limitStarts, last)
        cost = cost + before
      end
    end
    call('ZADD', K.limitStarts, 0, prefix .. pack('>I6I4', now, cost))
  end

  -- Waitlists ------------------------------------------------------------------------------------------------

  local function orderOf(run, path) return pack('>I2I6', 1000 - run[PRIORITY], run[SEQ]) .. run[ID] .. '\0' .. path end

  local function headOf(field)
    local head = heads[field]
    if head == nil then
      local prefix = field .. '\0'
      local member = call('ZRANGEBYLEX', K.limitLines, '[' .. prefix, '(' .. prefix .. '\255', 'LIMIT', 0, 1)[1]
      head = member and sub(member, #prefix + 1) or false
      heads[field] = head
    end
    return head or nil
  end

  --- Whether the run holds slots until it has ended. That can't change while it is on a waitlist.
  local function keepsSlots(run)
    local ofJob = hasLimits(run) and extrasOf(run).L['']
    for i = 1, ofJob and #ofJob.t or 0 do
      if ofJob.t[i][T_WHOLE] == 1 and ofJob.t[i][T_HELD] ~= 0 then return true end
    end
    return false
  end

  local function countKeepers()
    keepers = keepers or call('ZCARD', K.limitKeepers)
    return keepers
  end

  --- Marks an entry of a run that keeps slots. Returns whether it was unmarked.
  local function markKeeper(field, order, run)
    if not keepsSlots(run) then return false end
    local added = call('ZADD', K.limitKeepers, 0, field .. '\0' .. order)
    keepers = countKeepers() + added
    return added == 1
  end

  local function joinLine(field, order, run)
    call('ZADD', K.limitLines, 0, field .. '\0' .. order)
    markKeeper(field, order, run)
    local head = heads[field]
    if head == false or (head and order < head) then heads[field] = order end
  end

  local function quitLine(field, order)
    call('ZREM', K.limitLines, field .. '\0' .. order)
    if countKeepers() > 0 then keepers = keepers - call('ZREM', K.limitKeepers, field .. '\0' .. order) end
    if heads[field] == order then heads[field] = nil end
  end

  --- Whether a worker takes such runs: the queue is open, and a worker that doesn't drain knows the job and serves the
  --- queue. For a run that needs protection, a worker that took such runs, may request protection, or hasn't claimed
  --- yet.
  local function isServed(run)
    local class = run[QUEUE] .. '\0' .. run[JOB] .. '\0' .. run[VERSION]
    if served[class] ~= nil then return served[class] end
    served[class] = false
    if call('HEXISTS', K.paused, run[QUEUE]) == 1 then return false end
    local above, last = '[' .. run[JOB] .. '\0', '(' .. run[JOB] .. '\1'
    repeat
      local known = call('ZRANGEBYLEX', K.knows, above, last, 'LIMIT', 0, WORKERS_AT_ONCE)
      for i = 1, #known do
        local lease, upTo = string.match(sub(known[i], #run[JOB] + 2), '^([^%z]+)%z(%d+)$')
        local raw = lease and tonumber(upTo) >= run[VERSION] % PROTECTED_FROM and call('HGET', K.workers, lease)
        local status = raw and serves(cmsgpack.unpack(raw), run[QUEUE]) and readStatus(lease)
        if status and run[VERSION] >= PROTECTED_FROM and protectionOf(lease) == NEVER then status = nil end
        if status and status.draining == 0 and status.drainOrder == 0 and status.ended == 0 then
          served[class] = true
          return true
        end
      end
      above = '(' .. (known[#known] or '')
    until #known < WORKERS_AT_ONCE
    return false
  end

  --- Whether a key may be reserved for an aged waiter: for a poison suspect only while there is an idle lease that
  --- holds none.
  local function canStart(run)
    if not isServed(run) then return false end
    if run[STATE] == RUNNING or not isSuspect(run) then return true end
    local least = run[VERSION] >= PROTECTED_FROM and MAY_ASK or NEVER
    if claimer and not holdsSuspect(claimer) and (least == NEVER or protectionOf(claimer) == TAKES) then return true end
    local idle = call('HKEYS', K.idle)
    for i = 1, #idle do
      local raw = call('HGET', K.workers, idle[i])
      local isServing = raw and serves(cmsgpack.unpack(raw), run[QUEUE]) and not holdsSuspect(idle[i])
      if isServing and (least == NEVER or (protectionOf(idle[i]) or NEVER) >= least) then return true end
    end
    return false
  end

  --- Returns the ids of a key's oldest aged waiters, as many as one inspection considers.
  local function seniorsOf(field)
    seniors = seniors or call('ZCARD', K.limitSeniors)
    if seniors == 0 then return {} end
    local prefix = field .. '\0'
    local found = call('ZRANGEBYLEX', K.limitSeniors, '[' .. prefix, '(' .. prefix .. '\255', 'LIMIT', 0, SENIORS_AT_ONCE)
    for i = 1, #found do found[i] = sub(found[i], #prefix + 7) end
    return found
  end

  --- Q6: returns the oldest aged waiter of a key that can be served; one that can't must not hide it.
  local function servedSenior(field)
    for _, id in ipairs(seniorsOf(field)) do
      local run = load(id)
      if run and canStart(run) then return run end
    end
  end

  --- Q6. An aged waiter that can be served blocks younger runs; a run that it lets pass never waits for a blocked one.
  --- A run that keeps slots while it waits always passes: the aged waiter may be waiting for those slots.
  local function standing(field, run)
    local senior = servedSenior(field)
    if not senior then return IN_LINE end
    if run[SEQ] <= senior[SEQ] then return PASSES end
    if keepsSlots(run) then return PASSES end
    -- No event reports that no lease is free for a suspect any more.
    return KEPT_OUT, isSuspect(senior) and TICKET_MS or nil
  end

  -- Limit requests -------------------------------------------------------------------------------------------

  local function keep(run)
    run.extrasChanged, run.raw = true, nil
    markDirty(run)
  end

  local function admissionsOf(run) return extrasOf(run).L or {} end

  local function attemptOf(admission, run) return admission.a or run[ATTEMPT] end

  --- Whether this attempt has yet to take the hold.
  local function lacks(take, attempt)
    local rule = ruleOf(take[T_NAME])
    if rule and rule.isRate then return take[T_PAID] ~= attempt end
    return take[T_HELD] == 0
  end

  local function holdsAll(run, admission)
    local attempt = attemptOf(admission, run)
    for i = 1, #admission.t do
      if lacks(admission.t[i], attempt) then return false end
    end
    return true
  end

  --- Returns the position of the first closed hold and the ms until it opens (nil: unknown); nothing if all are open.
  local function firstClosed(run, path, admission, toTake)
    local attempt = attemptOf(admission, run)
    for i = 1, #admission.t do
      local take = admission.t[i]
      if lacks(take, attempt) then
        local rule, field, ticketed = ruleOf(take[T_NAME]), fieldOf(take), take[T_TICKET] > now
        -- Waiting for a limiter that no worker has registered is the safe side: a worker's code will bring it.
        if not rule then return i end
        local stands, forMs = standing(field, run)
        if stands == KEPT_OUT then return i, forMs end
        if not toTake and not ticketed and not admission.s and stands == IN_LINE then
          local head = headOf(field)
          if head and head < orderOf(run, path) then return i end
        end
        local inMs = opening(rule, take, toTake or ticketed)
        if inMs ~= 0 then return i, inMs end
      end
    end
  end

  local function dropTickets(admission)
    for i = 1, #admission.t do
      local take = admission.t[i]
      if take[T_TICKET] ~= 0 then
        local rule, field = ruleOf(take[T_NAME]), fieldOf(take)
        -- A lapsed reservation is counted nowhere.
        if rule and take[T_TICKET] > now then changeTickets(rule, field, -weight(rule, take[T_COST])) end
        take[T_TICKET] = 0
        touch(field)
      end
    end
  end

  --- Reserves the keys of a request for a moment while its run waits for a worker. A run that no worker takes, or only
  --- a worker that holds no other poison suspect (R17), gets no reservation: it is taken if the keys are open at that
  --- time.
  local function giveTickets(run, admission)
    if run[STATE] ~= RUNNING and (isSuspect(run) or not isServed(run)) then return end
    for i = 1, #admission.t do
      local take = admission.t[i]
      local rule = ruleOf(take[T_NAME])
      if rule and take[T_TICKET] == 0 and lacks(take, attemptOf(admission, run)) then
        local field = fieldOf(take)
        changeTickets(rule, field, weight(rule, take[T_COST]))
        take[T_TICKET] = states[field][TICKETS_UNTIL]
      end
    end
    keep(run)
  end

  local function leaveLine(run, path, admission)
    local take = admission.n and admission.t[admission.n]
    admission.n = nil
    if not take then return end
    quitLine(fieldOf(take), orderOf(run, path))
    touch(fieldOf(take))
  end

  --- Marks the entries of a run that an earlier version put on waitlists, and has them inspected. Returns whether the
  --- run is on a waitlist.
  local function markKeepers(run)
    local isOnOne = false
    for path, admission in pairs(hasLimits(run) and admissionsOf(run) or {}) do
      local take = admission.n and admission.t[admission.n]
      if take then
        isOnOne = true
        if markKeeper(fieldOf(take), orderOf(run, path), run) then touch(fieldOf(take)) end
      end
    end
    return isOnOne
  end

  local function forgetSeniority(run, admission)
    admission.r = nil
    if not admission.s then return end
    admission.s = nil
    for i = 1, #admission.t do
      local field = fieldOf(admission.t[i])
      call('ZREM', K.limitSeniors, field .. '\0' .. pack('>I6', run[SEQ]) .. run[ID])
      touch(field)
    end
  end

  --- Q6: no run overtakes one that needs a single limit, unless that is a poison suspect; so its refusals don't count.
  local function countRefusal(run, admission)
    if (#admission.t < 2 and not isSuspect(run)) or admission.s then return end
    admission.r = admission.r or { 0, now }
    admission.r[1] = admission.r[1] + 1
    if admission.r[1] < SENIOR_REFUSALS and now - admission.r[2] < SENIOR_MS then return end
    admission.s = 1
    seniors = 1
    for i = 1, #admission.t do
      call('ZADD', K.limitSeniors, 0, fieldOf(admission.t[i]) .. '\0' .. pack('>I6', run[SEQ]) .. run[ID])
    end
  end

  --- Puts the request on the waitlist of the closed limit; a second time it moves on to another one. `again`: it
  --- repeats a request whose refusal is counted.
  local function lineUp(run, path, admission, closed, again)
    dropTickets(admission)
    if admission.n ~= closed then leaveLine(run, path, admission) end
    admission.n = closed
    local field, order = fieldOf(admission.t[closed]), orderOf(run, path)
    joinLine(field, order, run)
    if not again then countRefusal(run, admission) end
    keep(run)
    -- After other waiters it changes nothing.
    if headOf(field) == order then touch(field) end
  end

  --- Takes all missing holds: the caller has checked that they are open, in the same script (Q1).
  local function takeAll(run, path, admission)
    local attempt = attemptOf(admission, run)
    dropTickets(admission)
    for i = 1, #admission.t do
      local take = admission.t[i]
      local rule, field = ruleOf(take[T_NAME]), fieldOf(take)
      if rule and lacks(take, attempt) then
        local more = weight(rule, take[T_COST])
        changeUse(rule, field, more)
        if rule.kind == 'slidingWindow' then noteStart(field, more) end
        if rule.kind ~= 'fixedWindow' then states[field][USED_AT] = math.max(states[field][USED_AT], now) end
        if rule.isRate then
          take[T_PAID], take[T_CHARGED] = attempt, math.min(take[T_COST], rule.max)
        else
          take[T_HELD], take[T_CORRECTED], take[T_HELD_AT] = more, take[T_CORRECTED] or 0, now
          zadd(K.limitHolders, field .. '\0' .. run[ID] .. '\0' .. path, '0')
        end
        touch(field)
      end
    end
    leaveLine(run, path, admission)
    forgetSeniority(run, admission)
    keep(run)
  end

  --- Releases slots; those for the whole run only at its end (Q2).
  local function giveBack(run, path, admission, ended)
    for i = 1, #admission.t do
      local take = admission.t[i]
      if take[T_HELD] ~= 0 and (ended or take[T_WHOLE] == 0) then
        local rule, field = ruleOf(take[T_NAME]), fieldOf(take)
        if rule then changeUse(rule, field, -take[T_HELD]) end
        take[T_HELD], take[T_HELD_AT] = 0, nil
        zrem(K.limitHolders, field .. '\0' .. run[ID] .. '\0' .. path)
        touch(field)
      end
    end
  end

  --- Ends one use by a step; rates charged for it stay charged (Q3).
  local function endUse(run, path, admission)
    giveBack(run, path, admission, true)
    dropTickets(admission)
    leaveLine(run, path, admission)
    forgetSeniority(run, admission)
    local all = admissionsOf(run)
    all[path] = nil
    if next(all) == nil then extrasOf(run).L = nil end
    keep(run)
  end

  -- Called by `place` ----------------------------------------------------------------------------------------

  --- Releases what a run gives up when it moves, and takes it off waitlists (Q2).
  local function leave(run, from, state, transition)
    local leavesSlot = from == RUNNING or from == CANCELLING
    local ended = state >= COMPLETED
    local function leaveOne(path, admission)
      if ended and path ~= '' then return endUse(run, path, admission) end
      if leavesSlot or ended then giveBack(run, path, admission, ended) end
      if ended or (path == '' and from == READY) then dropTickets(admission) end
      -- A step keeps its position only over a suspension that waits for it; after any other it requests anew, in the
      -- same order.
      if leavesSlot and path ~= '' and not (transition == 'suspend' and admission.n) then
        dropTickets(admission)
        leaveLine(run, path, admission)
        forgetSeniority(run, admission)
      end
      if ended or (path == '' and from == WAITING) then leaveLine(run, path, admission) end
      if ended then
        forgetSeniority(run, admission)
        -- A manual retry begins with the job's limits anew.
        for i = 1, #admission.t do admission.t[i][T_PAID], admission.t[i][T_CHARGED] = 0, 0 end
      end
    end
    local all = admissionsOf(run)
    if all[''] and next(all) == '' and next(all, '') == nil then
      leaveOne('', all[''])
    else
      local paths = {}
      for path in pairs(all) do paths[#paths + 1] = path end
      for _, path in ipairs(paths) do leaveOne(path, all[path]) end
    end
    -- A completed run is never retried: its record gets smaller.
    if state == COMPLETED then extrasOf(run).L = nil end
    run.extrasChanged, run.raw = true, nil
  end

  --- Whether losses of its workers, or cuts, without a new entry are so many that a claim takes the run only to fail
  --- it.
  local function isPoisoned(run)
    if run[STREAK] >= POISON_LIMIT then return true end
    local cuts = mayHave(run, 'k') and extrasOf(run).k
    return cuts and cuts[1] >= CUTS_PER_RUN and cuts[2] == run[POSITION]
  end

  --- Whether a claim takes the run only to fail it. Such a run needs no limit.
  local function failsNow(run)
    return (run[DEADLINE_AT] ~= 0 and run[DEADLINE_AT] <= now) or isPoisoned(run)
  end

  --- Lets a run pass its job's limits, or puts it on the waitlist of one and returns that limiter's name. To become
  --- ready it reserves each limit; to start (`toTake`) it takes them. A run that is about to be failed waits for none.
  local function pass(run, toTake)
    local admission = admissionsOf(run)['']
    if not admission or run.pastLimits then return nil end
    if failsNow(run) then
      if toTake then
        dropTickets(admission)
        keep(run)
      end
      return nil
    end
    local closed = firstClosed(run, '', admission, toTake)
    if closed then
      lineUp(run, '', admission, closed)
      return admission.t[closed][T_NAME]
    end
    if toTake then takeAll(run, '', admission) else giveTickets(run, admission) end
  end

  --- Withdraws the order to request limits again, before the run moves: the order is stored with its holder.
  local function forgetGrant(run)
    if not extrasOf(run).G then return end
    setExtra(run, 'G', nil)
    if not run.holder then readStay(run) end
    if run.holder then cancelOrders().forget(run.holder, '+' .. run[ID]) end
  end

  -- Wakes of waiters (Q4, Q5) ---------------------------------------------------------------------------------

  local function orderGrant(run)
    if not run.holder then readStay(run) end
    if not run.holder then return end
    if not extrasOf(run).G then cancelOrders().give(run.holder, '+' .. run[ID]) end
    setExtra(run, 'G', 1)
    woken[run.holder] = true
    keep(run)
  end

  local function wake(run, path, pastLimits)
    if run[STATE] == WAITING then
      run.pastLimits = pastLimits
      place(run, 'wake')
      run.pastLimits = nil
    elseif run[STATE] == RUNNING and path ~= '' then
      orderGrant(run)
    end
  end

  --- Returns the first entry at or after `from` that was enqueued before number `seq`, or belongs to that run. Only the
  --- oldest of each priority is read: the work grows with the priorities in use (2,001 at most), not with the waitlist.
  local function firstOlder(field, seq, from)
    local prefix = field .. '\0'
    while true do
      local member = call('ZRANGEBYLEX', K.limitLines, '[' .. prefix .. from, '(' .. prefix .. '\255', 'LIMIT', 0, 1)[1]
      if not member then return nil end
      local order = sub(member, #prefix + 1)
      local rank, number = unpack1('>I2I6', order)
      if number <= seq then return order end
      -- All others of this priority are even younger; if `from` began within it, nothing older is before that.
      from = pack('>I2', rank + 1)
    end
  end

  --- Returns the first entry of a run that keeps slots until it has ended, other than the run `except`. An earlier
  --- version removes entries from the waitlist but not their marks.
  local function firstKeeper(field, except)
    local prefix = field .. '\0'
    local from = countKeepers() > 0 and '[' .. prefix
    while from do
      local members = call('ZRANGEBYLEX', K.limitKeepers, from, '(' .. prefix .. '\255', 'LIMIT', 0, LINES_AT_ONCE)
      for i = 1, #members do
        local order = sub(members[i], #prefix + 1)
        local isOther = string.match(sub(order, 9), '^[^%z]*') ~= except
        if isOther and call('ZSCORE', K.limitLines, members[i]) then return order end
        if isOther then keepers = keepers - call('ZREM', K.limitKeepers, members[i]) end
      end
      from = #members == LINES_AT_ONCE and '(' .. members[#members]
    end
  end

  --- Returns the first waiter whose run still exists: run, path, request, order.
  local function firstPresent(field, find, a, b)
    while true do
      local order = find(field, a, b)
      if not order then return nil end
      local id, path = string.match(sub(order, 9), '^([^%z]*)%z(.*)$')
      local run = load(id)
      local admission = run and admissionsOf(run)[path]
      if admission then return run, path, admission, order end
      quitLine(field, order)
    end
  end

  --- Q6: returns the first waiter that `standing` lets pass, at any depth: it is older than the aged waiter, or keeps
  --- slots. `passed` says where one nudge continues with what the aged run `by` lets pass: no older waiter is before
  --- `from`.
  local function firstPassing(field, senior, passed)
    if passed.by ~= senior[ID] then passed.by, passed.from = senior[ID], '' end
    local run, path, admission, order
    repeat
      run, path, admission, order = firstPresent(field, firstOlder, senior[SEQ], passed.from)
      -- An aged request does not let itself pass.
      local itself = run and run[ID] == senior[ID] and admission.s
      if run then passed.from = itself and order .. '\0' or order end
    until not itself
    local keeper, keeperPath, keeperAdmission, keeperOrder = firstPresent(field, firstKeeper, senior[ID])
    if keeper and not (run and order < keeperOrder) then return keeper, keeperPath, keeperAdmission end
    return run, path, admission
  end

  --- Returns the first waiter that a servable aged waiter lets pass, or the aged waiter itself (Q6). Without one, the
  --- head of the waitlist. `keepsOut`: it is that aged waiter, whichever waitlist it is on.
  local function firstInLine(field, passed)
    local senior = servedSenior(field)
    if senior then
      local run, path, admission = firstPassing(field, senior, passed)
      if run then return run, path, admission, false end
      for own, each in pairs(admissionsOf(senior)) do
        if each.s and each.n then return senior, own, each, true end
      end
    end
    local run, path, admission = firstPresent(field, headOf)
    return run, path, admission, false
  end

  --- Wakes the first waiter, or moves it to the waitlist of another closed limit. Returns whether it waits, and the ms
  --- until it may continue.
  local function look(field, run, path, admission, keepsOut)
    local held = run[STATE] == RUNNING or run[STATE] == CANCELLING
    if not held and not isServed(run) then
      -- No worker would take it: others may pass. It becomes ready, and joins the waitlist again if a claim refuses it.
      leaveLine(run, path, admission)
      keep(run)
      wake(run, path, true)
      return false
    end
    local closed, inMs = firstClosed(run, path, admission)
    if not closed then
      leaveLine(run, path, admission)
      -- Only a claim is certain to follow; a step that its code no longer calls must not block others.
      if path ~= '' then forgetSeniority(run, admission) end
      giveTickets(run, admission)
      wake(run, path, false)
      return false
    end
    local other = fieldOf(admission.t[closed])
    if other == field or keepsOut then return true, inMs end
    local before = admission.n
    lineUp(run, path, admission, closed)
    local told, name = extrasOf(run).w, admission.t[closed][T_NAME]
    -- A waiting run's record names the limit whose waitlist it is on.
    if run[STATE] == WAITING and told and told[1] == 'limit' and told[3] == admission.t[before][T_NAME] then
      setExtra(run, 'w', { 'limit', 0, name })
    end
    local rule = ruleOf(name)
    if rule and inMs then setTimer(rule, other, inMs) end
    return false
  end

  local function nudge(field, left)
    local rule = ruleOf(string.match(field, '^[^%z]*'))
    -- Only a worker's code opens it, no clock.
    if not rule then return left end
    local passed = {}
    while true do
      local run, path, admission, keepsOut = firstInLine(field, passed)
      if not run then break end
      if left == 0 then
        setTimer(rule, field, 0)
        return 0
      end
      left = left - 1
      local waits, inMs = look(field, run, path, admission, keepsOut)
      if waits then
        -- Workers know the earliest timer; they need to learn of an earlier one, and so does a step with a later time.
        if setTimer(rule, field, inMs) then
          if run[STATE] == WAITING then sooner[field] = run
          elseif run[STATE] == RUNNING and run[ID] ~= asking then orderGrant(run) end
        end
        return left
      end
    end
    if stateOf(rule, field)[TIMER_AT] ~= 0 then setTimer(rule, field, nil) end
    return left
  end

  local function nudgeTouched()
    local left = WOKEN_AT_ONCE
    local field = next(touched)
    while field do
      touched[field] = nil
      left = nudge(field, left)
      field = next(touched)
    end
  end

  --- Counts a wake for each timer that is sooner than before and still set: an idle worker must learn of it.
  local function tellTimers()
    for field, run in pairs(sooner) do
      if states[field][TIMER_AT] ~= 0 then countWake(run) end
    end
  end

  --- After a change of a limiter within a script: writes what was read under the old rule, so that it is read again.
  local function forgetRule(name)
    write()
    rules[name] = nil
    for field in pairs(states) do
      if string.match(field, '^[^%z]*') == name then states[field] = nil end
    end
  end

  --- For readers: { key, used as text, waiting, ms until the waitlist's head may go or -1, ms closed, head or '', since
  --- or '' }.
  local function keyInfo(field)
    local rule = ruleOf(string.match(field, '^[^%z]*'))
    local prefix = field .. '\0'
    local waiting = call('ZLEXCOUNT', K.limitLines, '[' .. prefix, '(' .. prefix .. '\255')
    local key = string.match(field, '%z(.*)$')
    if not rule then return { key, '0', waiting, -1, 0, '', '' } end
    local state, inMs = stateOf(rule, field), nil
    local head, first, since = headOf(field), '', ''
    if head then
      local id, path = string.match(sub(head, 9), '^([^%z]*)%z(.*)$')
      local run = load(id)
      if run then first = id end
      if run and run[STATE] == WAITING then since = string.format('%.0f', run[CHANGED_AT]) end
      local admission = run and admissionsOf(run)[path]
      if admission and admission.n then inMs = opening(rule, admission.t[admission.n], true) end
    end
    return { key, string.format('%.0f', state[USED]), waiting, inMs or -1, math.max(0, state[CLOSED_UNTIL] - now), first, since }
  end

  local function close(rule, field, ms)
    local state = stateOf(rule, field)
    state[CLOSED_UNTIL] = math.max(state[CLOSED_UNTIL], now + ms)
    changed[field] = rule
  end

  --- Keeps a key only if its state still counts; returns when to check again, or nothing if it is gone.
  local function forgetOld(field)
    local rule = ruleOf(string.match(field, '^[^%z]*'))
    if not rule then return nil end
    local state = stateOf(rule, field)
    if state.isNew then return nil end
    changed[field] = rule
    return math.max(forgottenAt(rule, state), now + LEAST_KEPT)
  end

  return {
    -- for `place`, and callers that move runs
    leave = leave, pass = pass, forgetGrant = forgetGrant, nudgeTouched = nudgeTouched, touch = touch, write = write,
    tellTimers = tellTimers, forgetRule = forgetRule,
    -- for steps
    admissionsOf = admissionsOf, holdsAll = holdsAll, firstClosed = firstClosed, lineUp = lineUp, takeAll = takeAll, endUse = endUse, close = close,
    changeUse = changeUse, ruleOf = ruleOf, fieldOf = fieldOf, keep = keep,
    -- for readers, and the sweep
    keyInfo = keyInfo, orderOf = orderOf, forgetOld = forgetOld, markKeepers = markKeepers, weight = weight, headOf = headOf, seniorsOf = seniorsOf,
  }
end

-- `linesFrom` of `meta` as `markSeen` found it, false for none.
local linesFrom = false

--- After a change that all waitlists depend on: inspects the first of them in this script; another call continues
--- there.
function nudgeAll()
  --- Marks a part of all waitlists as changed, from `linesFrom` on.
  local function touchLines()
    local from = linesFrom
    for _ = 1, LINES_AT_ONCE do
      local member = call('ZRANGEBYLEX', K.limitLines, '(' .. from, '+', 'LIMIT', 0, 1)[1]
      if not member then
        call('HDEL', K.meta, 'linesFrom')
        linesFrom, openedLines = false, false
        return
      end
      local field = string.match(member, '^([^%z]*%z[^%z]*)%z')
      limits().touch(field)
      from = field .. '\0\255'
    end
    call('HSET', K.meta, 'linesFrom', from)
    linesFrom, openedLines = from, false
  end

  --- Wakes one worker, idle if there is one, to continue with the waitlists: its next claim, of whatever size, inspects
  --- more.
  local function wakeForLines()
    local leases = call('HKEYS', K.idle)
    if #leases == 0 then leases = call('HKEYS', K.workers) end
    if #leases > 0 then woken[leases[1 + time[2] % #leases]] = true end
  end

  touchLines()
  if linesFrom then wakeForLines() end
end

--- After a transition that changed which runs are served, or a rule: has all waitlists inspected, a bounded part per
--- script.
local function lookAtAllLines()
  linesFrom, openedLines = '', true
  call('HSET', K.meta, 'linesFrom', '')
end
