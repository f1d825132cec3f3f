--[[
How many runs there are, since when the oldest ready run of each queue is ready, and which queues are paused.
keys: meta runCounts ready suspects classes paused runs
input: time, how many first runs in line are looked at at most
returns: now, counts (see run-counts-part), { queue, since, ... }, { queue, pause as msgpack, ... }
writes: nothing
uses: bounded-part run-counts-part
]]
-- Of queues beyond these reads it is not told how long their oldest run is ready.
local most = tonumber(ARGV[2])
local oldest, unknown, heads = {}, {}, 0

--- First of each priority of a class: among them is the one longest in line.
local function firstInLine(key, code, queue)
  local above = '[' .. code
  while true do
    if heads == most then
      unknown[queue] = true
      return
    end
    heads = heads + 1
    local member = call('ZRANGEBYLEX', key, above, '(' .. code .. '\255', 'LIMIT', 0, 1)[1]
    if not member then return end
    local seq = unpack1('>I6', member, 7)
    if not oldest[queue] or seq < oldest[queue][1] then oldest[queue] = { seq, sub(member, 13) } end
    above = '(' .. sub(member, 1, 6) .. '\255'
  end
end

local classes = readyClasses()
for i = 1, #classes, 3 do
  if not unknown[classes[i]] then
    firstInLine(K.ready, classes[i + 1], classes[i])
    if hasSuspects then firstInLine(K.suspects, classes[i + 1], classes[i]) end
  end
end

--- A fresh run has no tail: it is as it was enqueued (see the prelude).
local function changedAt(record)
  local _, _, _, _, enqueuedAt, _, _, _, _, tail = unpack1('>BhI4I6I6ssI2c0I2c0', record)
  return tail > #record and enqueuedAt or unpack1('>I6', record, tail + 49)
end

local since = {}
for queue, first in pairs(oldest) do
  local record = not unknown[queue] and call('HGET', K.runs, first[2])
  if record then
    since[#since + 1] = queue
    since[#since + 1] = string.format('%.0f', changedAt(record))
  end
end
return { string.format('%.0f', now), runCounts(), since, call('HGETALL', K.paused) }
