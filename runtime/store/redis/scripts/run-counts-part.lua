--[[ Reads the numbers of runs: counters (see the prelude), and ready runs by their classes. ]]
--[[states]]

--- Returns how many runs of a state are in a set by state.
local function ofState(key, code)
  return call('ZLEXCOUNT', key, '[' .. string.char(code), '(' .. string.char(code + 1))
end

local knownClasses, moreClasses

--- Returns the classes that may hold ready runs, read once per script: queue, prefix of members, job in turn; at most
--- `most` classes. The second result says whether there are more.
local function readyClasses(most)
  if knownClasses then return knownClasses, moreClasses end
  most = most or math.huge
  local jobs
  jobs, moreClasses = entriesOf(K.classes, most)
  knownClasses = {}
  local n = 0
  for i = 1, #jobs, 2 do
    local known = cmsgpack.unpack(jobs[i + 1])
    for c = 1, #known, 3 do
      if n == most * 3 then return knownClasses, true end
      knownClasses[n + 1], knownClasses[n + 2], knownClasses[n + 3] = known[c + 1], pack('>I4', known[c]), jobs[i]
      n = n + 3
    end
  end
  return knownClasses, moreClasses
end

local hasSuspects = call('ZCARD', K.suspects) > 0

--- Returns how many ready runs a class has.
local function readyOf(code)
  local from, to = '[' .. code, '(' .. code .. '\255'
  local n = call('ZLEXCOUNT', K.ready, from, to)
  return hasSuspects and n + call('ZLEXCOUNT', K.suspects, from, to) or n
end

local knownCounts

--- Returns all counts, read once per script: { 1 unless the first count of the runs is under way, the counters as
--- stored, queue, job, ready runs in turn, 1 if there are more counters or classes than the maximum }.
local function runCounts(mostCounters, mostClasses)
  if knownCounts then return knownCounts end
  local stored, more = entriesOf(K.runCounts, mostCounters or math.huge)
  local classes, others = readyClasses(mostClasses)
  local ready = {}
  for i = 1, #classes, 3 do
    local n, last = readyOf(classes[i + 1]), #ready
    if n > 0 then ready[last + 1], ready[last + 2], ready[last + 3] = classes[i], classes[i + 2], n end
  end
  knownCounts = { call('HEXISTS', K.meta, 'recountedAt'), stored, ready, (more or others) and 1 or 0 }
  return knownCounts
end

--- Returns the counts by queue\0job\0state, without zeros. During the first count of a store: those found so far.
local function countsByField()
  local packed, counts = runCounts(), {}
  local isCounted, stored, ready = packed[1] == 1, packed[2], packed[3]
  for i = 1, #stored, 2 do
    local field, n = stored[i], tonumber(stored[i + 1])
    local isRecount = string.byte(field) == 0
    if isCounted ~= isRecount and n > 0 then counts[isRecount and sub(field, 2) or field] = n end
  end
  for i = 1, #ready, 3 do
    local field = ready[i] .. '\0' .. ready[i + 1] .. '\0' .. READY
    counts[field] = (counts[field] or 0) + ready[i + 2]
  end
  return counts
end
