--[[
Appends records and settles runs, each entry fenced and answered by itself.
keys: all + the journals the entries need
input: time, lease, then per entry: 'a', number of its journal, run, frame ('e': it ends an attempt that used limits); or
  's', run, settlement, bytes; or 'm', '', '', the mark of the failure that the entry before it stores
returns: { drain order, 'cancelled ids' }, one answer per entry: as append, or s<state> settled, c continue
writes: when full
uses: prelude limits-part failures-part count-failure-part append-part settle-part
]]
local lease = ARGV[2]

--- In the same script: a slot is never free while its step's end is not stored. A late repeat ends no newer attempt.
local function endAttempt(id, frame)
  local run = load(id)
  if not run or not hasLimits(run) then return end
  local attempt, path = unpack1('>I2', frame, 19), unpack1('>I2c0', frame, 33)
  local admission = limits().admissionsOf(run)[path]
  if admission and path ~= '' and admission.a == attempt then limits().endUse(run, path, admission) end
end

local packed = {}
for i = 3, #ARGV, 4 do
  if ARGV[i] == 's' then packed[#packed + 1] = ARGV[i + 2] end
end
local settlements, nextSettlement = readSettlements(packed), 1

local answers, unwritten = {}, {}
local isNew
for i = 3, #ARGV, 4 do
  local answer
  if ARGV[i] == 'm' then
    if isNew then countFailure(load(ARGV[i - 2]), cmsgpack.unpack(ARGV[i + 3]), 'step') end
  elseif ARGV[i] ~= 's' then
    -- What its settlement before did must be seen.
    if unwritten[ARGV[i + 2]] then
      flush()
      unwritten = {}
    end
    answer, isNew = append(lease, ARGV[i + 2], ARGV[i + 3], KEYS[STATIC_KEYS + tonumber(ARGV[i + 1])])
    -- It moved the position.
    staysAhead[ARGV[i + 2]] = nil
    if ARGV[i] == 'e' and answer == 't' then endAttempt(ARGV[i + 2], ARGV[i + 3]) end
  else
    answer = settle(lease, settlements[nextSettlement], ARGV[i + 3])
    nextSettlement = nextSettlement + 1
    unwritten[ARGV[i + 1]] = true
  end
  if answer then answers[#answers + 1] = answer end
end
staysAhead = {}
if cleared and call('ZCARD', K.suspects) > 0 then woken[lease] = true end
finish()
return { ordersOf(readStatus(lease)), answers }
