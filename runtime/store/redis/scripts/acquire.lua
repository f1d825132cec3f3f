--[[
Takes all limits of one attempt of a step, or puts it on the waitlist of one that is closed.
keys: all
input: time, lease, run, fence, path, attempt, turn, msgpack list of { limiter, key, cost }
returns: 'gone', 'granted', 'crowded', 'older': call again with a new turn, or { limiter, ms until it opens or -1 }
writes: when full
uses: prelude limits-part
]]
local MOST_STEPS = --[[steps]] 0
local lease, id, fence, path = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local attempt, turn, uses = tonumber(ARGV[6]), tonumber(ARGV[7]), cmsgpack.unpack(ARGV[8])
local run = load(id)
if not run or run[STATE] ~= RUNNING then return 'gone' end
local heldFence, holder = readStay(run)
if heldFence ~= fence or holder ~= lease then return 'gone' end
local limiting = limits()
local all = limiting.admissionsOf(run)
local known = all[path]
-- R34: a late repeat of an older use, whatever became of that use.
local last = extrasOf(run).T
local isRepeat = known and known.f == fence and known.u == turn
if last and last[1] == fence and turn <= last[2] and not isRepeat then return 'older' end

--- Whether the run itself holds the slot during its execution: a step does not wait for its own run.
local function isHeldByRun(use)
  for _, take in ipairs(all[''] and all[''].t or {}) do
    if take[T_NAME] == use[1] and take[T_KEY] == use[2] and take[T_HELD] ~= 0 then return true end
  end
  return false
end

local takes, same = {}, known ~= nil and known.a == attempt
for _, use in ipairs(uses) do
  if not isHeldByRun(use) then takes[#takes + 1] = { use[1], use[2], use[3], 0, 0, 0, 0, 0 } end
end
same = same and #known.t == #takes
for i = 1, same and #takes or 0 do
  for place_ = T_NAME, T_COST do same = same and known.t[i][place_] == takes[i][place_] end
end
if isRepeat and same and limiting.holdsAll(run, known) then return 'granted' end

--- Returns the reply to a refused request. Reading rates may have updated them.
local function refused(take, inMs)
  finish()
  return { take[T_NAME], inMs or -1 }
end

-- Refused again as before: the refusal is counted already, and the run is on the waitlist.
asking = id
if isRepeat and same and known.n then
  local closed, inMs = limiting.firstClosed(run, path, known)
  if closed == known.n then return refused(known.t[closed], inMs) end
end
setExtra(run, 'T', { fence, turn })
if known and not same then
  limiting.endUse(run, path, known)
  known = nil
end
if not known then
  all = extrasOf(run).L or {}
  local n = 0
  for _ in pairs(all) do n = n + 1 end
  if n > MOST_STEPS then return 'crowded' end
  known = { t = takes, a = attempt }
  all[path] = known
  setExtra(run, 'L', all)
end
known.f, known.u = fence, turn
limiting.forgetGrant(run)
local closed, inMs = limiting.firstClosed(run, path, known)
if closed then
  limiting.lineUp(run, path, known, closed, isRepeat)
  return refused(known.t[closed], inMs)
end
limiting.takeAll(run, path, known)
finish()
return 'granted'
