--[[
Returns which runs wait for which, starting at one run, or at the runs that keep slots while they wait (wait-graph.ts).
keys: all
input: time, run or '', member of limitKeepers to start after, how many runs to start with, most runs, waits, keys,
  holders
returns: member to continue after or '', then per run that is suspended for limits: { id, holds, waits }; holds: limiter,
  key, weight ...; per wait: { path, run ahead of it or '', limiter and key of that waitlist, limiter,
  key, weight, max ... }
writes: nothing
uses: prelude limits-part
]]
local STARTS, RUNS, WAITS, KEYS_, HOLDERS = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
onlyReads = true
local limiting = limits()
local met, order, keysRead, holdersOf = {}, {}, 0, {}

local function suspended(id)
  local run = load(id)
  local waiting = run and run[STATE] == WAITING and hasLimits(run) and extrasOf(run).w
  return waiting and waiting[1] == 'limit' and run or nil
end

local function meet(run)
  if not run or met[run[ID]] then return end
  met[run[ID]] = true
  order[#order + 1] = run
end

local function startsFrom(after)
  local members = call('ZRANGEBYLEX', K.limitKeepers, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, STARTS)
  for i = 1, #members do
    local _, fieldEnd = string.find(members[i], '^[^%z]*%z[^%z]*%z')
    meet(suspended(string.match(sub(members[i], fieldEnd + 9), '^[^%z]*')))
  end
  return #members == STARTS and members[#members] or ''
end

--- Returns the suspended runs that hold a key, and how much of it they keep; nothing beyond the bound of keys read.
local function readHolders(field)
  if holdersOf[field] or keysRead == KEYS_ then return holdersOf[field] or { kept = 0 } end
  keysRead = keysRead + 1
  local found, prefix = { kept = 0 }, field .. '\0'
  local members = call('ZRANGEBYLEX', K.limitHolders, '[' .. prefix, '(' .. prefix .. '\255', 'LIMIT', 0, HOLDERS)
  for i = 1, #members do
    local id, path = string.match(sub(members[i], #prefix + 1), '^([^%z]*)%z(.*)$')
    local run = path == '' and suspended(id)
    local ofJob = run and limiting.admissionsOf(run)['']
    for t = 1, ofJob and #ofJob.t or 0 do
      if limiting.fieldOf(ofJob.t[t]) == field then found.kept = found.kept + ofJob.t[t][T_HELD] end
    end
    if run then found[#found + 1] = run end
  end
  holdersOf[field] = found
  return found
end

--- Adds the need of a hold, and visits the suspended holders unless the other holders alone make room.
local function addNeed(wait, take)
  local rule = limiting.ruleOf(take[T_NAME])
  -- A rate opens with time; a limiter that no worker has registered opens with a worker's code.
  if not rule or rule.isRate or take[T_HELD] ~= 0 then return end
  local need = limiting.weight(rule, take[T_COST])
  local holders = readHolders(limiting.fieldOf(take))
  if rule.max - holders.kept < need then
    for i = 1, #holders do meet(holders[i]) end
  end
  for _, value in ipairs({ take[T_NAME], take[T_KEY], need, rule.max }) do wait[#wait + 1] = value end
end

--- With an aged waiter, the order of the waitlist means little; then only holders count.
local function headBefore(run, take)
  local rule, field = limiting.ruleOf(take[T_NAME]), limiting.fieldOf(take)
  local head = rule and not rule.isRate and #limiting.seniorsOf(field) == 0 and limiting.headOf(field)
  local id = head and string.match(sub(head, 9), '^[^%z]*')
  local first = id and id ~= run[ID] and suspended(id)
  if not first then return '' end
  meet(first)
  return id
end

local function readRun(run)
  local holds, waits, seen, different = {}, {}, {}, 0
  for path, admission in pairs(limiting.admissionsOf(run)) do
    for i = 1, #admission.t do
      local take = admission.t[i]
      if take[T_HELD] ~= 0 then
        for _, value in ipairs({ take[T_NAME], take[T_KEY], take[T_HELD] }) do holds[#holds + 1] = value end
      end
    end
    local at = admission.n and admission.t[admission.n]
    if at then
      local wait = { path, headBefore(run, at), at[T_NAME], at[T_KEY] }
      for i = 1, #admission.t do addNeed(wait, admission.t[i]) end
      local name = table.concat(wait, '\0', 2)
      if not seen[name] then
        seen[name], different = true, different + 1
        waits[#waits + 1] = wait
      end
    end
  end
  -- A run with too many different waits counts as able to continue.
  return { run[ID], holds, different <= WAITS and waits or {} }
end

local found = { '' }
if ARGV[2] ~= '' then meet(suspended(ARGV[2])) else found[1] = startsFrom(ARGV[3]) end
local n = 1
while order[n] and n <= RUNS do
  found[#found + 1] = readRun(order[n])
  n = n + 1
end
return found
