--[[
The log of operations: what operators, leaders and workers did. Needs the keys `meta`, `events` and `operations`.
An entry of the stream `operations` is one operation; its id is its number. It also has the numbers of the operation and
of the transition before it, so that a reader sees which were dropped.
uses: events-part
]]
local KEPT_OPERATIONS, KEPT_OPERATIONS_MS = --[[operations]] 0, 0
local FORGOTTEN_AT_ONCE = 20

--[[
Logs an operation: { operation, subject, by, reason, count, details }, the fields of `OperationEvent`. It comes after
the transitions that the script has made so far. Call it after every check that could refuse the operation.
]]
local function logOperation(what)
  local upkeep = logUpkeep()

  local function newest(key)
    local entry = call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
    return entry and text(upkeep.numberOf(entry)) or '0'
  end

  --- Returns the bound for XADD: drops a few operations whose time is over, or else those beyond the retained number.
  local function bound()
    local oldest = call('XRANGE', K.operations, '-', '+', 'COUNT', FORGOTTEN_AT_ONCE)
    local from
    for i = 1, #oldest do
      if upkeep.isOlder(oldest[i], KEPT_OPERATIONS_MS) then from = upkeep.numberOf(oldest[i]) + 1 end
    end
    if from then return 'MINID', text(from) end
    return 'MAXLEN', KEPT_OPERATIONS
  end

  --- An unknown value of an operation may also be ''.
  local function known(value) if value ~= '' then return value end end

  writeEvents()
  local before = newest(K.operations) .. ' ' .. newest(K.events)
  local number = nextNumbers(1)
  upkeep.makeEpoch()
  local by, limit = bound()
  call('XADD', K.operations, by, '=', limit, text(number) .. '-1', 'at', text(now), 'of', cmsgpack.pack({
    operation = what.operation, subject = known(what.subject), by = known(what.by), reason = known(what.reason),
    count = what.count, details = what.details,
  }), 'before', before)
  tellChanges()
end
