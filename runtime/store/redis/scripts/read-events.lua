--[[
Returns a page of events: the first ones after a number, or the newest ones below one.
keys: meta events operations
input: limit, 1 to read transitions, 1 to read operations, epoch and number of a cursor or '', 'after' or 'before' it
returns: { epoch or '', number of the newest event, 'forward', 'back' or 'none', number that the page begins after or stays
  below, transitions, operations, number of the last transition that was dropped, and of the last operation }; of each entry
  in turn its id, when it was, msgpack
writes: nothing
]]
local limit, cursorEpoch, cursor, way = tonumber(ARGV[1]), ARGV[4], tonumber(ARGV[5]), ARGV[6]
local atOnce = math.min(50, limit)

local function text(number) return string.format('%.0f', number) end

local function numberOf(entry) return tonumber(string.match(entry[1], '^%d+')) end

--- Returns the number of transitions in an entry, by the head of its msgpack list: five fields each.
local function sizeOf(entry)
  local kind, high, low = string.byte(entry[2][4], 1, 3)
  return (kind == 220 and high * 256 + low or kind - 144) / 5
end

--- One flat list takes half the time of a list per entry.
local function add(found, entry)
  local n, fields = #found, entry[2]
  found[n + 1], found[n + 2], found[n + 3] = entry[1], fields[2], fields[4]
end

local epoch, newest = unpack(call('HMGET', K.meta, 'epoch', 'events'))
newest = tonumber(newest) or 0
-- Like `spanOf` in store/event-page.ts.
local isOwn = cursor and cursor <= newest and (cursorEpoch == '0' or cursorEpoch == epoch)
local readsOn = isOwn and way == 'after'
local isNone = cursor and way == 'before' and not isOwn
local after, below = cursor, isOwn and way == 'before' and cursor or newest + 1

--- Returns the id of the entry that holds the last transition below the bound, or '+'.
local function lastEntry()
  if below > newest then return '+' end
  local entry = call('XRANGE', K.events, text(below - 1), '+', 'COUNT', 1)[1]
  return entry and entry[1] or '+'
end

--- Counts the transitions of the first entry that are outside the page.
local function outside(entry)
  if readsOn then return math.max(0, after - numberOf(entry) + sizeOf(entry)) end
  return math.max(0, numberOf(entry) - below + 1)
end

--- Reads entries until they hold the number of transitions requested.
local function transitions()
  local found, held, from = {}, nil, readsOn and text(after + 1) or lastEntry()
  repeat
    local entries
    if readsOn then entries = call('XRANGE', K.events, from, '+', 'COUNT', atOnce)
    else entries = call('XREVRANGE', K.events, from, '-', 'COUNT', atOnce) end
    for i = 1, #entries do
      local entry = entries[i]
      if not held then held = -outside(entry) end
      if held >= limit then break end
      add(found, entry)
      held = held + sizeOf(entry)
    end
    if #entries > 0 then from = '(' .. entries[#entries][1] end
  until #entries < atOnce or held >= limit
  return found
end

local function operations()
  local found, entries = {}, nil
  if readsOn then entries = call('XRANGE', K.operations, text(after + 1), '+', 'COUNT', limit)
  else entries = call('XREVRANGE', K.operations, text(below - 1), '-', 'COUNT', limit) end
  for i = 1, #entries do add(found, entries[i]) end
  return found
end

--- Returns the numbers of the operation and the transition before an operation, 0 for none.
local function before(entry)
  local operation, transition = string.match(entry[2][6], '^(%d+) (%d+)$')
  return tonumber(operation), tonumber(transition)
end

local function droppedTransition()
  local oldest = call('XRANGE', K.events, '-', '+', 'COUNT', 1)[1]
  if not oldest then return 0 end
  local dropped = numberOf(oldest) - sizeOf(oldest)
  local operation = call('XRANGE', K.operations, text(dropped) .. '-1', text(dropped) .. '-1')[1]
  if operation then return select(2, before(operation)) end
  return dropped
end

local function droppedOperation()
  local oldest = call('XRANGE', K.operations, '-', '+', 'COUNT', 1)[1]
  return oldest and before(oldest) or 0
end

local wantsRuns, wantsOperations = ARGV[2] == '1' and not isNone, ARGV[3] == '1' and not isNone
return {
  epoch or '', text(newest), isNone and 'none' or readsOn and 'forward' or 'back', text(readsOn and after or below),
  wantsRuns and transitions() or {}, wantsOperations and operations() or {},
  text(wantsRuns and droppedTransition() or 0), text(wantsOperations and droppedOperation() or 0),
}
