--[[
Returns the number of runs, when the oldest ready run of each queue became ready, and which queues are paused.
keys: meta runCounts ready suspects classes paused runs changed
input: time, how many heads of classes to inspect at most
returns: now, counts (see run-counts-part), { queue, since, ... }, { queue, pause as msgpack, ... }
writes: nothing
uses: bounded-part run-counts-part
]]
-- Queues beyond this many reads get no age of their oldest ready run.
local most = tonumber(ARGV[2])
-- If the first run of a class was in another state before, the oldest is searched among so many after it, and among so
-- many that are in `changed`. A run beyond them is missed.
local MOST_IN_LINE, MOST_CHANGED = 20, 300
local since, unknown, heads = {}, {}, 0

--- Returns when a run became ready, whether that is its enqueue, and its queue; nothing if it is not ready.
local function readySince(id)
  local record = call('HGET', K.runs, id)
  if not record then return nil end
  local state, _, _, _, enqueuedAt, _, queue, _, _, tail = unpack1('>BhI4I6I6ssI2c0I2c0', record)
  if state ~= READY then return nil end
  -- A fresh run has no tail: nothing has changed since its enqueue (see the prelude).
  local at = tail > #record and enqueuedAt or unpack1('>I6', record, tail + 49)
  return at, at == enqueuedAt, queue
end

local function note(queue, at) since[queue] = math.min(since[queue] or at, at) end

--- Goes through a class by priority. Among runs that are ready since their enqueue the first is the oldest.
local function readClass(key, code, queue)
  local above = '[' .. code
  while true do
    if heads == most then
      unknown[queue] = true
      return
    end
    heads = heads + 1
    local first = call('ZRANGEBYLEX', key, above, '(' .. code .. '\255', 'LIMIT', 0, 1)[1]
    if not first then return end
    local at, isFresh = readySince(sub(first, 13))
    if at then note(queue, at) end
    above = '(' .. sub(first, 1, 6) .. '\255'
    if at and not isFresh then
      local others = call('ZRANGEBYLEX', key, '(' .. first, above, 'LIMIT', 0, math.min(MOST_IN_LINE, most - heads))
      for i = 1, #others do
        heads = heads + 1
        at, isFresh = readySince(sub(others[i], 13))
        if at then note(queue, at) end
        if isFresh then break end
      end
    end
  end
end

local classes = readyClasses()
for i = 1, #classes, 3 do
  if not unknown[classes[i]] then
    readClass(K.ready, classes[i + 1], classes[i])
    if hasSuspects then readClass(K.suspects, classes[i + 1], classes[i]) end
  end
end
local again = call('ZRANGEBYLEX', K.changed, '[' .. string.char(READY), '(' .. string.char(READY + 1), 'LIMIT', 0, MOST_CHANGED)
for i = 1, #again do
  local at, _, queue = readySince(sub(again[i], 14))
  if at then note(queue, at) end
end

local found = {}
for queue, at in pairs(since) do
  if not unknown[queue] then
    found[#found + 1] = queue
    found[#found + 1] = string.format('%.0f', at)
  end
end
return { string.format('%.0f', now), runCounts(), found, call('HGETALL', K.paused) }
