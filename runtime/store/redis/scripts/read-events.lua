--[[
A page of events: the first ones after a number, or the newest.
keys: meta events operations
input: limit, 1 to read transitions, 1 to read operations, epoch and number of a cursor or ''
returns: { epoch or '', number of the newest event, number that the page begins at or '', entries of transitions, entries of
  operations, number of the last transition that was dropped, and of the last operation }
writes: nothing
]]
local AT_ONCE = 50
local limit, cursorEpoch, after = tonumber(ARGV[1]), ARGV[4], tonumber(ARGV[5])

local function text(number) return string.format('%.0f', number) end

local function numberOf(entry) return tonumber(string.match(entry[1], '^%d+')) end

--- How many transitions an entry holds, by the head of its msgpack list: five places each.
local function sizeOf(entry)
  local kind, high, low = string.byte(entry[2][4], 1, 3)
  return (kind == 220 and high * 256 + low or kind - 144) / 5
end

local epoch, newest = unpack(call('HMGET', K.meta, 'epoch', 'events'))
newest = tonumber(newest) or 0
-- As `startOf` in store/event-page.ts.
local readsOn = after and after <= newest and (cursorEpoch == '0' or cursorEpoch == epoch)

--- Entries of transitions until they hold as many as are asked for, without those up to the cursor.
local function transitions()
  local found, held, from = {}, 0, readsOn and text(after + 1) or '+'
  repeat
    local entries
    if readsOn then entries = call('XRANGE', K.events, from, '+', 'COUNT', AT_ONCE)
    else entries = call('XREVRANGE', K.events, from, '-', 'COUNT', AT_ONCE) end
    for i = 1, #entries do
      if held >= limit then break end
      found[#found + 1] = entries[i]
      held = held + (readsOn and math.min(sizeOf(entries[i]), numberOf(entries[i]) - after) or sizeOf(entries[i]))
    end
    if #entries > 0 then from = '(' .. entries[#entries][1] end
  until held >= limit or #entries < AT_ONCE
  return found
end

local function operations()
  if readsOn then return call('XRANGE', K.operations, text(after + 1), '+', 'COUNT', limit) end
  return call('XREVRANGE', K.operations, '+', '-', 'COUNT', limit)
end

--- What was before an operation: the numbers of an operation and of a transition, 0 for none.
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

local wantsRuns, wantsOperations = ARGV[2] == '1', ARGV[3] == '1'
return {
  epoch or '', text(newest), readsOn and text(after) or '',
  wantsRuns and transitions() or {}, wantsOperations and operations() or {},
  text(wantsRuns and droppedTransition() or 0), text(wantsOperations and droppedOperation() or 0),
}
