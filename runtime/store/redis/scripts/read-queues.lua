--[[
How many live runs each queue has, by state, and since when its oldest ready run is ready.
keys: meta counts ready suspects held classes paused runs
input: time
returns: now, { queue\0state, count, ... }, { queue, since, ... }, { queue, pause as msgpack, ... }
writes: nothing
]]
--[[states]]
local counts, oldest = {}, {}

local function count(queue, state, by)
  local field = queue .. '\0' .. state
  counts[field] = (counts[field] or 0) + by
end

local stored = redis.call('HGETALL', K.counts)
for i = 1, #stored, 2 do counts[stored[i]] = tonumber(stored[i + 1]) end

local held = redis.call('ZRANGEBYLEX', K.held, '-', '+', 'LIMIT', 0, 20000)
for i = 1, #held do
  local record = redis.call('HGET', K.runs, string.sub(held[i], 37))
  if record then
    local state, _, _, _, _, _, queue = struct.unpack('>BhI4I6I6ss', record)
    count(queue, state, 1)
  end
end

--- First of each priority of a class: among them is the one longest in line.
local function firstInLine(key, code, queue)
  local above = '[' .. code
  for _ = 1, 100 do
    local member = redis.call('ZRANGEBYLEX', key, above, '(' .. code .. '\255', 'LIMIT', 0, 1)[1]
    if not member then return end
    local seq = struct.unpack('>I6', member, 7)
    if not oldest[queue] or seq < oldest[queue][1] then oldest[queue] = { seq, string.sub(member, 13) } end
    above = '(' .. string.sub(member, 1, 6) .. '\255'
  end
end

local classes = redis.call('HGETALL', K.classes)
for i = 2, #classes, 2 do
  local known = cmsgpack.unpack(classes[i])
  for c = 1, #known, 3 do
    local code, queue = struct.pack('>I4', known[c]), known[c + 1]
    for _, key in ipairs({ K.ready, K.suspects }) do
      local n = redis.call('ZLEXCOUNT', key, '[' .. code, '(' .. code .. '\255')
      if n > 0 then
        count(queue, READY, n)
        firstInLine(key, code, queue)
      end
    end
  end
end

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
  local record = redis.call('HGET', K.runs, first[2])
  if record then
    since[#since + 1] = queue
    since[#since + 1] = string.format('%.0f', changedAt(record))
  end
end
return { string.format('%.0f', now), flat, since, redis.call('HGETALL', K.paused) }
