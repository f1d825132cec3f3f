--[[
Moves a schedule from one tick to the next; nothing else does (C1). Enqueues the run and adds a line to the ledger.
keys: all
input: time, schedule, revision, term, kind, tick ('' for none), next tick and when it is due ('' for none), then
  plan: nothing; run: due at, 1 when caught up, overlap, cap, head, headers and input of the run as in enqueue;
  skip: until, count, why; queued run: head, headers and input
returns: { 'early', ms }, { 'moved' }, { 'waits' }, { 'not leading' }, or { 'done', outcome, run }
uses: prelude limits-part unique-part term-part definitions-part schedules-part
calls: enqueue
]]
local name, revision, kind, tick = ARGV[2], tonumber(ARGV[3]), ARGV[5], tonumber(ARGV[6])
if not leads('leader', tonumber(ARGV[4])) then return { 'not leading' } end
local s = scheduleOf(name)
if not s or s.dropped or s.revision ~= revision then return { 'moved' } end

local told = false

--- Enqueues the run; returns the ledger line for the result.
local function enqueued(head, given, line)
  local id = cmsgpack.unpack(head)[1]
  told = true
  local other = runInTheWay(callEnqueue({ ARGV[1], head, given }), id)
  if other then return { outcome = 'skipped', tick = line.tick, why = 'duplicate', other = other } end
  line.run = id
  knowRun(s, id)
  return line
end

--- Returns the lateness, if it is enough for the ledger to record.
local function lateness(due) return wall - due >= LATE_FROM and wall - due or nil end

local function runLine()
  local due, caughtUp, overlap, cap = tonumber(ARGV[9]), ARGV[10] == '1', ARGV[11], tonumber(ARGV[12])
  if s.paused then return { outcome = 'skipped', tick = tick, why = 'paused' } end
  local fired, before = firedBefore(name, s, tick)
  if fired then return { outcome = 'skipped', tick = tick, why = 'duplicate', other = before } end
  local live = overlap ~= 'allow' and liveRun(s)
  if overlap == 'queue' and (live or #s.queued > 0) then
    if #s.queued >= cap then return { outcome = 'skipped', tick = tick, why = 'queue full', other = live or nil } end
    s.queued[#s.queued + 1] = tick
    s.firedTo = math.max(s.firedTo or 0, tick)
    zadd(K.schedulesDue, 'q' .. name, wall)
    return { outcome = 'queued', tick = tick }
  end
  if live then return { outcome = 'skipped', tick = tick, why = 'overlap', other = live } end
  s.firedTo = math.max(s.firedTo or 0, tick)
  local late = lateness(due)
  local outcome = caughtUp and 'caught up' or late and 'late' or 'fired'
  return enqueued(ARGV[13], ARGV[14], { outcome = outcome, tick = tick, lateMs = late })
end

local function finishFire(line)
  addLine(name, s, line)
  keepSchedule(name, s)
  if told then flush() else finish(true) end
  return { 'done', line.outcome, line.run }
end

if kind == 'queued run' then
  if s.queued[1] ~= tick then return { 'moved' } end
  if s.paused or liveRun(s) then return { 'waits' } end
  table.remove(s.queued, 1)
  if #s.queued == 0 then zrem(K.schedulesDue, 'q' .. name) end
  return finishFire(enqueued(ARGV[9], ARGV[10], { outcome = 'fired', tick = tick, lateMs = lateness(tick) }))
end

if s.next ~= tick then return { 'moved' } end
if kind == 'plan' then
  planNext(name, s, ARGV[7], ARGV[8])
  keepSchedule(name, s)
  finish(true)
  return { 'done', 'planned' }
end

-- For a stretch of ticks, the last one; for a single tick, when it is due.
local notBefore = tonumber(ARGV[9])
if wall < notBefore then return { 'early', text(notBefore - wall) } end
planNext(name, s, ARGV[7], ARGV[8])
if kind == 'run' then return finishFire(runLine()) end
local line = { outcome = 'skipped', tick = tick, why = ARGV[11] }
if tonumber(ARGV[10]) > 1 then line['until'], line.count = notBefore, tonumber(ARGV[10]) end
return finishFire(line)
