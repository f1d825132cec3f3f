--[[ Reads how many runs there are: counters (see the prelude), and ready runs by their classes. ]]
--[[states]]

--- Calls `each(queue, code, job)` for the classes that may hold ready runs; `code` is what their members begin with.
local function eachClass(each)
  local classes = redis.call('HGETALL', K.classes)
  for i = 1, #classes, 2 do
    local known = cmsgpack.unpack(classes[i + 1])
    for c = 1, #known, 3 do each(known[c + 1], struct.pack('>I4', known[c]), classes[i]) end
  end
end

local hasSuspects = redis.call('ZCARD', K.suspects) > 0

--- How many ready runs a class has.
local function readyOf(code)
  local from, to = '[' .. code, '(' .. code .. '\255'
  local n = redis.call('ZLEXCOUNT', K.ready, from, to)
  return hasSuspects and n + redis.call('ZLEXCOUNT', K.suspects, from, to) or n
end

--- Counts by queue\0job\0state, none of them 0. A store whose first count is under way has what that has found so far.
local function runCounts()
  local counts, stored = {}, redis.call('HGETALL', K.runCounts)
  local isCounted = redis.call('HEXISTS', K.meta, 'recountedAt') == 1
  for i = 1, #stored, 2 do
    local field, n = stored[i], tonumber(stored[i + 1])
    local isRecount = string.byte(field) == 0
    if isCounted ~= isRecount and n > 0 then counts[isRecount and string.sub(field, 2) or field] = n end
  end
  eachClass(function(queue, code, job)
    local n, field = readyOf(code), queue .. '\0' .. job .. '\0' .. READY
    if n > 0 then counts[field] = (counts[field] or 0) + n end
  end)
  return counts
end
