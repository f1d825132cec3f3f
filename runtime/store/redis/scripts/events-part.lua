--[[
The log of transitions, and the numbering that it shares with the log of operations (rules EV1 to EV4 of
store/events.ts). Needs the keys `meta` and `events`, and `time` as the first input.
An entry of the stream `events` holds up to 100 consecutive transitions; its id is the number of the last.
]]
local KEPT_EVENTS, KEPT_EVENTS_MS = --[[transitions]] 0, 0
-- Upkeep is due once in so many numbers.
local NOW_AND_THEN = 500

-- Five fields per transition: run, job, queue, transition, state.
local events = {}
local hasMoved, hasTold = false, false

local function text(number) return string.format('%.0f', number) end

local madeUpkeep

--- Made when the log needs upkeep: regularly, and by each operation.
local function logUpkeep()
  if madeUpkeep then return madeUpkeep end

  --- EV4. The epoch of an emptied store differs from the one before.
  local function makeEpoch()
    call('HSETNX', K.meta, 'epoch', sub(redis.sha1hex(K.meta .. ' ' .. time[1] .. ' ' .. time[2]), 1, 12))
  end

  local function numberOf(entry) return tonumber(string.match(entry[1], '^%d+')) end

  local function isOlder(entry, ms) return now - tonumber(entry[2][2]) > ms end

  --- Returns the number of an event that is too old, as are all before it, or 0. Drops more than are added.
  local function agedTo()
    local oldest = call('XRANGE', K.events, '-', '+', 'COUNT', 1)[1]
    if not oldest or not isOlder(oldest, KEPT_EVENTS_MS) then return 0 end
    for _, step in ipairs({ 2000, 1000, 500, 250 }) do
      local later = call('XRANGE', K.events, text(numberOf(oldest) + step), '+', 'COUNT', 1)[1]
      if later and isOlder(later, KEPT_EVENTS_MS) then return numberOf(later) end
    end
    return 0
  end

  madeUpkeep = { makeEpoch = makeEpoch, numberOf = numberOf, isOlder = isOlder, agedTo = agedTo }
  return madeUpkeep
end

--- Takes the next numbers; returns the last of them, and whether upkeep is due.
local function nextNumbers(count)
  local number = call('HINCRBY', K.meta, 'events', count)
  local isTime = number % NOW_AND_THEN < count
  -- Either the first numbers of a store, or an earlier version started it.
  if isTime or number == count then logUpkeep().makeEpoch() end
  return number, isTime
end

--- Writes the transitions so far.
local function writeEvents()
  if #events == 0 then return end
  for first = 1, #events, 500 do
    local last = math.min(#events, first + 499)
    local part = first == 1 and last == #events and events or { unpack(events, first, last) }
    local number, isTime = nextNumbers(#part / 5)
    local from = math.max(0, number - KEPT_EVENTS, isTime and logUpkeep().agedTo() or 0)
    call('XADD', K.events, 'MINID', '~', text(from), text(number) .. '-1', 'at', text(now), 'of', cmsgpack.pack(part))
  end
  events, hasMoved = {}, true
end

--- Publishes that the store has changed. A hint may be lost, so a user without the channel's permission loses no more
--- than that.
local function tellChanges()
  if hasTold then return end
  hasTold = true
  redis.pcall('PUBLISH', sub(K.meta, 1, -5) .. 'changes', '')
end
