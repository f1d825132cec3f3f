--[[
Counts the runs anew (N2): each call a part of `index`, then the runs of one lease. The last one puts `runCounts` right.
keys: all
input: time, most runs a call looks at
returns: { how many it looked at } or, from the last one, { looked at, 1, then queue\0job\0state, counted, stored of what differed }
writes: when full
uses: prelude
]]
local LEASE_LENGTH = 36
local limit = tonumber(ARGV[2])

--- Adds the runs that are in a state of `wanted` to the sums of the recount.
local function addRuns(ids, wanted)
  preload(ids)
  for i = 1, #ids do
    local run = runs[ids[i]]
    if run and wanted(run, i) then
      local field = '\0' .. run[QUEUE] .. '\0' .. run[JOB] .. '\0' .. run[STATE]
      retallies[field] = (retallies[field] or 0) + 1
    end
  end
end

local function moveOn(to, n)
  writeTallies()
  call('HSET', K.meta, 'recountedTo', to)
  return { n }
end

local function countIndexed(state, seq)
  -- Behind all that have this number, as no two runs share one.
  local from = '(' .. pack('>BI6', state, seq) .. '\255'
  local members = call('ZRANGEBYLEX', K.index, from, '+', 'LIMIT', 0, limit)
  if #members == 0 then return moveOn('h', 0) end
  local ids, states = {}, {}
  for i = 1, #members do
    states[i], seq = unpack1('>BI6', members[i])
    ids[i] = sub(members[i], 8)
  end
  addRuns(ids, function(run, i) return run[STATE] == states[i] end)
  return moveOn(states[#states] .. ' ' .. text(seq), #members)
end

local function countHeld(lease)
  local from = lease == '' and '-' or '(' .. lease .. '\255'
  local first = call('ZRANGEBYLEX', K.held, from, '+', 'LIMIT', 0, 1)[1]
  if not first then return end
  lease = sub(first, 1, LEASE_LENGTH)
  local members = call('ZRANGEBYLEX', K.held, '[' .. lease, '(' .. lease .. '\255')
  local ids = {}
  for i = 1, #members do ids[i] = sub(members[i], LEASE_LENGTH + 1) end
  addRuns(ids, function(run) return run[STATE] == RUNNING or run[STATE] == CANCELLING end)
  return moveOn('h' .. lease, #members)
end

local function putRight()
  local stored, raw = {}, call('HGETALL', K.runCounts)
  for i = 1, #raw, 2 do stored[raw[i]] = tonumber(raw[i + 1]) end
  local sums, found = {}, { 0, 1 }
  for field, n in pairs(stored) do
    if sub(field, 1, 1) == '\0' then sums[sub(field, 2)] = n end
  end
  local function compare(field)
    local is, was = sums[field] or 0, stored[field] or 0
    if is == was then return end
    found[#found + 1], found[#found + 2], found[#found + 3] = field, is, was
    if is == 0 then hdel(K.runCounts, field) else hset(K.runCounts, field, is) end
  end
  for field in pairs(stored) do
    if sub(field, 1, 1) == '\0' then hdel(K.runCounts, field) else compare(field) end
  end
  for field in pairs(sums) do
    if not stored[field] then compare(field) end
  end
  flush()
  call('HDEL', K.meta, 'recountedTo')
  call('HSET', K.meta, 'recountedAt', text(now))
  return found
end

recountedTo = call('HGET', K.meta, 'recountedTo')
if not recountedTo then
  local raw = call('HKEYS', K.runCounts)
  for i = 1, #raw do
    if sub(raw[i], 1, 1) == '\0' then hdel(K.runCounts, raw[i]) end
  end
  flush()
  recountedTo = '0 0'
end
local lease = string.match(recountedTo, '^h(.*)$')
if lease then return countHeld(lease) or putRight() end
local state, seq = string.match(recountedTo, '^(%d+) (%d+)$')
return countIndexed(tonumber(state), tonumber(seq))
