--[[
How many live runs each queue has, by state, and since when its oldest ready run is ready.
keys: meta runCounts ready suspects classes paused runs
input: time, how many first runs in line are looked at at most
returns: now, { queue\0state, count, ... }, { queue, since, ... }, { queue, pause as msgpack, ... }
writes: nothing
uses: bounded-part run-counts-part
]]
-- Of queues beyond these reads it is not told how long their oldest run is ready.
local most = tonumber(ARGV[2])
local counts, oldest, unknown, heads = {}, {}, {}, 0

for field, n in pairs(runCounts()) do
  local queue, state = string.match(field, '^(%Z*)%z.*%z(%d+)$')
  if tonumber(state) < COMPLETED then
    local sum = queue .. '\0' .. state
    counts[sum] = (counts[sum] or 0) + n
  end
end

--- First of each priority of a class: among them is the one longest in line.
local function firstInLine(key, code, queue)
  local above = '[' .. code
  while true do
    if heads == most then
      unknown[queue] = true
      return
    end
    heads = heads + 1
    local member = redis.call('ZRANGEBYLEX', key, above, '(' .. code .. '\255', 'LIMIT', 0, 1)[1]
    if not member then return end
    local seq = struct.unpack('>I6', member, 7)
    if not oldest[queue] or seq < oldest[queue][1] then oldest[queue] = { seq, string.sub(member, 13) } end
    above = '(' .. string.sub(member, 1, 6) .. '\255'
  end
end

local hasSuspects = redis.call('ZCARD', K.suspects) > 0
eachClass(function(queue, code)
  firstInLine(K.ready, code, queue)
  if hasSuspects then firstInLine(K.suspects, code, queue) end
end)

--- A fresh run has no tail: it is as it was enqueued (see the prelude).
local function changedAt(record)
  local _, _, _, _, enqueuedAt, _, _, _, _, tail = struct.unpack('>BhI4I6I6ssI2c0I2c0', record)
  return tail > #record and enqueuedAt or struct.unpack('>I6', record, tail + 49)
end

local flat, since = {}, {}
for field, n in pairs(counts) do
  if n > 0 then
    flat[#flat + 1] = field
    flat[#flat + 1] = n
  end
end
for queue, first in pairs(oldest) do
  local record = not unknown[queue] and redis.call('HGET', K.runs, first[2])
  if record then
    since[#since + 1] = queue
    since[#since + 1] = string.format('%.0f', changedAt(record))
  end
end
return { string.format('%.0f', now), flat, since, redis.call('HGETALL', K.paused) }
