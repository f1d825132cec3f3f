--[[
Schedules (rules C1 to C4 of store/schedules.ts). A schedule is a map: origin ('code', 'hand'), digest, timing, revision,
since, planned, next and due (tick and when it is due; nil when there is none), firedTo (the latest tick that fired or was
queued), paused { by, reason, at }, pauses that are over (list of { from, until }), runs (ids of its newest), queued
(ticks), lines (of its ledger), last (line), dropped and conflict { worker, at }. `scheduleSpecs` has the run it
enqueues; `schedulesDue` has `t` and the schedule, and while ticks are queued `q` and the schedule.
]]
local KEPT_LINES, KNOWN_RUNS, LATE_FROM, QUEUED_LOOK, KEPT_PAUSES = --[[schedules]] 0, 0, 0, 0, 0

local function scheduleOf(name)
  local raw = call('HGET', K.schedules, name)
  return raw and cmsgpack.unpack(raw)
end

local function keepSchedule(name, s) hset(K.schedules, name, cmsgpack.pack(s)) end

local function lineField(name, n) return name .. '\0' .. text(n) end

--- Whether skipped ticks extend the last line: adjacent stretches of them become one line.
local function extendsLast(s, line)
  local last = s.last
  return line.outcome == 'skipped' and last and last.outcome == 'skipped' and last.why == line.why
    and (line.why == 'missed' or line.why == 'paused')
end

local function addLine(name, s, line)
  line.at = wall
  if extendsLast(s, line) then
    local last = s.last
    last.count = (last.count or 1) + (line.count or 1)
    last['until'], last.at = line['until'] or line.tick, wall
    line = last
  else
    s.lines = s.lines + 1
    if s.lines > KEPT_LINES then hdel(K.ledger, lineField(name, s.lines - KEPT_LINES)) end
  end
  s.last = line
  line.n = s.lines
  hset(K.ledger, lineField(name, s.lines), cmsgpack.pack(line))
end

--- Returns whether a tick already fired or was queued, as far as the ledger reaches (G9), and its run.
local function firedBefore(name, s, tick)
  if tick > (s.firedTo or 0) then return false end
  local fields, found, run = {}, false, nil
  for n = math.max(1, s.lines - KEPT_LINES + 1), s.lines do fields[#fields + 1] = lineField(name, n) end
  local lines = #fields > 0 and call('HMGET', K.ledger, unpack(fields)) or {}
  for i = 1, #lines do
    local line = lines[i] and cmsgpack.unpack(lines[i])
    if line and line.tick == tick and line.outcome ~= 'skipped' then found, run = true, line.run or run end
  end
  return found, run
end

--- C5: replans after the wall clock was set back. The new revision rejects a leader's earlier plans.
local function planAgain()
  local members = call('ZRANGE', K.schedulesDue, 0, -1)
  for i = 1, #members do
    local name = sub(members[i], 2)
    local s = scheduleOf(name)
    if sub(members[i], 1, 1) == 'q' then
      zadd(K.schedulesDue, members[i], wall)
    elseif s and (s.next or s.since) > wall then
      s.since, s.next, s.due, s.planned, s.revision = wall, nil, nil, nil, s.revision + 1
      zadd(K.schedulesDue, members[i], 0)
      keepSchedule(name, s)
    end
  end
end

local function timingOf(bytes) return sub(bytes, 1, string.find(bytes, '\n', 1, true) - 1) end

--- Creates or changes the schedule. C2: the next tick stays unless pattern or zone changed.
local function setSchedule(name, s, origin, digest, bytes, line)
  local timing = timingOf(bytes)
  line.outcome = s and not s.dropped and 'changed' or 'declared'
  if not s then s = { revision = 0, lines = 0, runs = {}, queued = {}, pauses = {} } end
  if s.timing ~= timing or s.dropped then
    s.since, s.next, s.due, s.planned = wall, nil, nil, nil
    zadd(K.schedulesDue, 't' .. name, 0)
  end
  s.origin, s.digest, s.timing, s.revision, s.dropped, s.conflict = origin, digest, timing, s.revision + 1, nil, nil
  if #s.queued > 0 then zadd(K.schedulesDue, 'q' .. name, wall) end
  addLine(name, s, line)
  hset(K.scheduleSpecs, name, bytes)
  keepSchedule(name, s)
end

local function dropSchedule(name, s, worker)
  s.dropped = { worker = worker, at = wall }
  s.revision, s.queued = s.revision + 1, {}
  zrem(K.schedulesDue, 't' .. name)
  zrem(K.schedulesDue, 'q' .. name)
  addLine(name, s, { outcome = 'dropped', worker = worker })
  keepSchedule(name, s)
end

--- C3: applies the definition in force to the schedule.
local function applySchedule(name, inForce)
  local s, declared = scheduleOf(name), inForce[DEFINITION] ~= ''
  local byHand = s and s.origin == 'hand'
  if byHand then
    if declared == (s.conflict ~= nil) then return end
    s.conflict = declared and { worker = inForce[SEEN_BY], at = wall } or nil
    return keepSchedule(name, s)
  end
  local holds = s and not s.dropped
  if not declared then
    if holds then dropSchedule(name, s, inForce[SEEN_BY]) end
  elseif not holds or s.digest ~= inForce[DIGEST] then
    setSchedule(name, s, 'code', inForce[DIGEST], inForce[DEFINITION], { worker = inForce[SEEN_BY] })
  end
end

--- Returns the newest live run of the schedule. Forgets runs that have ended.
local function liveRun(s)
  local kept = {}
  preload(s.runs)
  for i = 1, #s.runs do
    local run = runs[s.runs[i]]
    if run and run[STATE] < COMPLETED then kept[#kept + 1] = s.runs[i] end
  end
  s.runs = kept
  return kept[#kept]
end

local function knowRun(s, id)
  s.runs[#s.runs + 1] = id
  while #s.runs > KNOWN_RUNS do table.remove(s.runs, 1) end
end

--- Moves on to the next tick, and forgets pauses without a tick from there on.
local function planNext(name, s, tick, due)
  s.next, s.due, s.planned = tonumber(tick), tonumber(due), true
  local ahead = {}
  for i = 1, #s.pauses do
    if s.next and s.pauses[i]['until'] > s.next then ahead[#ahead + 1] = s.pauses[i] end
  end
  s.pauses = ahead
  if s.next then zadd(K.schedulesDue, 't' .. name, s.due) else zrem(K.schedulesDue, 't' .. name) end
end

--- Reads the reply to the enqueue of one run: returns the run in its way, or nothing if the run exists.
local function runInTheWay(answer, id)
  if type(answer) == 'table' then answer = answer[1] end
  local letter, other = sub(answer, 1, 1), sub(answer, 2)
  if letter == 'c' or letter == 'p' or letter == 'j' and other == '' then return nil end
  return other ~= '' and other or id
end
