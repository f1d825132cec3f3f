--[[
Changes a schedule manually.
keys: all
input: time, schedule, request, by, reason, kind, then put: digest, spec; trigger: revision, head, headers and input of
  the run as in enqueue; pause, resume: revision that the caller saw or '' for any, when it saw it paused or 'none';
  remove: nothing
returns: 'done', 'unknown', 'code' when code declares it, 'moved' when it is not as the caller saw it, 'c' and the run, or
  'd' and the run in its way
writes: when full, and tells it
uses: prelude limits-part unique-part operations-part definitions-part coordination-part schedules-part
calls: enqueue
]]
local name, request, by, reason, kind = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local before = answered(request)
if before then return before end
local s = scheduleOf(name)
if not s and kind ~= 'put' then return 'unknown' end
if FULL and (kind == 'put' or kind == 'trigger') then return redis.error_reply('OOM command not allowed at the memory limit') end
if reason == '' then reason = nil end

local function lineOf(outcome) return { outcome = outcome, by = by, reason = reason } end

local function logChange(details)
  logOperation({ operation = kind .. ' schedule', subject = name, by = by, reason = reason, details = details })
end

--- Whether a live worker declares it: then it would reappear at once.
local function isDeclared()
  if s.dropped then return false end
  local definition = definitionOf('schedule', name)
  local inForce = settleDefinition(definition)
  return inForce and inForce[DEFINITION] ~= '' and #inForce[LEASES] > 0
end

local function forgetSchedule()
  hdel(K.schedules, name)
  hdel(K.scheduleSpecs, name)
  zrem(K.schedulesDue, 't' .. name)
  zrem(K.schedulesDue, 'q' .. name)
  for n = math.max(1, s.lines - KEPT_LINES + 1), s.lines do hdel(K.ledger, lineField(name, n)) end
end

local function isAsSeen()
  if ARGV[7] == '' then return true end
  return s.revision == tonumber(ARGV[7]) and ARGV[8] == (s.paused and text(s.paused.at) or 'none')
end

local changes = {
  put = function()
    if s and s.origin == 'code' and not s.dropped then return 'code' end
    if not s or s.dropped or s.digest ~= ARGV[7] then
      local conflict = s and s.conflict
      logChange()
      setSchedule(name, s, 'hand', ARGV[7], ARGV[8], lineOf())
      if conflict then
        s.conflict = conflict
        keepSchedule(name, s)
      end
    end
  end,

  remove = function()
    if s.origin == 'code' and isDeclared() then return 'code' end
    logChange()
    forgetSchedule()
    flush()
    local inForce = s.origin == 'hand' and settleDefinition(definitionOf('schedule', name))
    if inForce then applySchedule(name, inForce) end
  end,

  pause = function()
    if not isAsSeen() then return 'moved' end
    logChange()
    -- A repeated pause continues the first one: its ticks count from that on.
    s.paused = { by = by, reason = reason, at = s.paused and s.paused.at or wall }
    addLine(name, s, lineOf('paused'))
    keepSchedule(name, s)
  end,

  resume = function()
    if not isAsSeen() then return 'moved' end
    if not s.paused then return end
    logChange()
    if #s.pauses >= KEPT_PAUSES then
      s.pauses[2].from = s.pauses[1].from
      table.remove(s.pauses, 1)
    end
    s.pauses[#s.pauses + 1] = { from = s.paused.at, ['until'] = wall }
    s.paused = nil
    addLine(name, s, lineOf('resumed'))
    if #s.queued > 0 then zadd(K.schedulesDue, 'q' .. name, wall) end
    keepSchedule(name, s)
  end,

  trigger = function()
    if s.revision ~= tonumber(ARGV[7]) then return 'moved' end
    local id = cmsgpack.unpack(ARGV[8])[1]
    local other = runInTheWay(callEnqueue({ ARGV[1], ARGV[8], ARGV[9] }), id)
    logChange(other and { duplicateOf = other } or { run = id })
    local line = lineOf('triggered')
    if other then
      line.outcome, line.why, line.other = 'skipped', 'duplicate', other
    else
      line.run = id
      knowRun(s, id)
    end
    addLine(name, s, line)
    keepSchedule(name, s)
    local answer = other and 'd' .. other or 'c' .. id
    keepAnswer(request, answer)
    flush()
    return answer
  end,
}

local answer = changes[kind]() or 'done'
if kind == 'trigger' or answer == 'code' or answer == 'moved' then return answer end
keepAnswer(request, answer)
finish(true)
tellSchedules()
return answer
