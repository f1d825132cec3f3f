--[[ Reads the counters of runs: see the prelude. ]]
--[[states]]

--- Calls `each(queue, code, job)` for the classes that may hold ready runs; the code as members begin with it.
local function eachClass(each)
  local classes = redis.call('HGETALL', K.classes)
  for i = 1, #classes, 2 do
    local known = cmsgpack.unpack(classes[i + 1])
    for c = 1, #known, 3 do each(known[c + 1], struct.pack('>I4', known[c]), classes[i]) end
  end
end

local knownCounts, moreCounts

--- Counts by queue\0job\0state, read once per script; and whether there are more counters than `most`. A store whose
--- first count is under way has what that has found so far.
local function runCounts(most)
  if knownCounts then return knownCounts, moreCounts end
  local counts, stored = {}, nil
  stored, moreCounts = entriesOf(K.runCounts, most or math.huge)
  knownCounts = counts
  local isCounted = redis.call('HEXISTS', K.meta, 'recountedAt') == 1
  for i = 1, #stored, 2 do
    local field = stored[i]
    local isRecount = string.byte(field) == 0
    if isCounted ~= isRecount then counts[isRecount and string.sub(field, 2) or field] = tonumber(stored[i + 1]) end
  end
  if isCounted then return counts, moreCounts end
  eachClass(function(queue, code, job)
    local from, to = '[' .. code, '(' .. code .. '\255'
    local n = redis.call('ZLEXCOUNT', K.ready, from, to) + redis.call('ZLEXCOUNT', K.suspects, from, to)
    local field = queue .. '\0' .. job .. '\0' .. READY
    counts[field] = (counts[field] or 0) + n
  end)
  return counts, moreCounts
end
