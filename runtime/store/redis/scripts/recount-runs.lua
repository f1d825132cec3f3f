--[[
Recounts the runs and repairs `groups` and `changed` (RC2): each call inspects a part of `index`, of these two or of the
ready sets, or the runs of one lease. The last one corrects `runCounts`.
keys: all
input: time, most runs a call inspects
returns: { how many it inspected } or, from the last one, { inspected, 1, then queue\0job\0state, counted, stored of
  each that differed }
writes: when full
uses: prelude
]]
local LEASE_LENGTH = 36
local LAST_SEQ = 281474976710655
local limit = tonumber(ARGV[2])
local newest, phase, last

local function count(run)
  local field = '\0' .. run[QUEUE] .. '\0' .. run[JOB] .. '\0' .. run[STATE]
  retallies[field] = (retallies[field] or 0) + 1
end

local function moveOn(to, n)
  flush()
  writeTallies()
  call('HSET', K.meta, 'recountedTo', newest .. ' ' .. to)
  return { n }
end

local function countIndexed(state, seq)
  -- After all members with this number, as no two runs share one.
  local from = '(' .. pack('>BI6', state, seq) .. '\255'
  local members = call('ZRANGEBYLEX', K.index, from, '+', 'LIMIT', 0, limit)
  if #members == 0 then return moveOn('g', 0) end
  local ids, states = {}, {}
  for i = 1, #members do
    states[i], seq = unpack1('>BI6', members[i])
    ids[i] = sub(members[i], 8)
  end
  preload(ids)
  for i = 1, #ids do
    local run = runs[ids[i]]
    -- All later ones in this state are newer, too.
    if run and run[SEQ] > tonumber(newest) then return moveOn('i' .. states[i] .. ' ' .. text(LAST_SEQ), i) end
    if run and run[STATE] == states[i] then
      count(run)
      if run[STATE] ~= COMPLETED then otherPlaces().file(run, zadd) end
    end
  end
  return moveOn('i' .. states[#states] .. ' ' .. text(seq), #members)
end

--- Returns a run's member in one of the sets by which lists find it, if any.
local function memberIn(key, run)
  local state, found = run[STATE], nil
  if state == COMPLETED or state == RUNNING or state == CANCELLING then return nil end
  if state == READY and run[CHANGED_AT] == run[ENQUEUED_AT] then return nil end
  otherPlaces().file(run, function(set, member)
    if set == key then found = member end
  end)
  return found
end

--- Removes members that an earlier version left in a set when it moved runs. `idOf`: the run of a member.
local function dropStale(key, idOf, after)
  local members = call('ZRANGEBYLEX', key, last == '' and '-' or '(' .. last, '+', 'LIMIT', 0, limit)
  if #members == 0 then return moveOn(after, 0) end
  local ids = {}
  for i = 1, #members do ids[i] = idOf(members[i]) end
  preload(ids)
  for i = 1, #ids do
    local run = runs[ids[i]]
    if not run or memberIn(key, run) ~= members[i] then zrem(key, members[i]) end
  end
  return moveOn(phase .. members[#members], #members)
end

local function idInGroup(member)
  local job = string.find(member, '\0', 2, true)
  return sub(member, string.find(member, '\0', job + 1, true) + 7)
end

local function idInChanged(member) return sub(member, 14) end

--- Files ready runs that waited before; ready runs are counted by their classes.
local function fileReady(key, after)
  local members = call('ZRANGEBYLEX', key, last == '' and '-' or '(' .. last, '+', 'LIMIT', 0, limit)
  if #members == 0 then return moveOn(after, 0) end
  local ids = {}
  for i = 1, #members do ids[i] = sub(members[i], 13) end
  preload(ids)
  for i = 1, #ids do
    local run = runs[ids[i]]
    -- All later ones in this class and priority are newer, too.
    if run and run[SEQ] > tonumber(newest) then return moveOn(phase .. sub(members[i], 1, 6) .. '\255', i) end
    if run and run[STATE] == READY and run[CHANGED_AT] ~= run[ENQUEUED_AT] then otherPlaces().file(run, zadd) end
  end
  return moveOn(phase .. members[#members], #members)
end

local function countHeld(lease)
  local from = lease == '' and '-' or '(' .. lease .. '\255'
  local first = call('ZRANGEBYLEX', K.held, from, '+', 'LIMIT', 0, 1)[1]
  if not first then return end
  lease = sub(first, 1, LEASE_LENGTH)
  local members = call('ZRANGEBYLEX', K.held, '[' .. lease, '(' .. lease .. '\255')
  local ids = {}
  for i = 1, #members do ids[i] = sub(members[i], LEASE_LENGTH + 1) end
  preload(ids)
  for i = 1, #ids do
    local run = runs[ids[i]]
    local isHeld = run and (run[STATE] == RUNNING or run[STATE] == CANCELLING)
    if isHeld and run[SEQ] <= tonumber(newest) then count(run) end
  end
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
  recountedTo = (call('HGET', K.meta, 'seq') or '0') .. ' i0 0'
end
newest, phase, last = string.match(recountedTo, '^(%d+) (%a)(.*)$')
if phase == 'h' then return countHeld(last) or putRight() end
if phase == 'g' then return dropStale(K.groups, idInGroup, 'c') end
if phase == 'c' then return dropStale(K.changed, idInChanged, 'r') end
if phase == 's' then return fileReady(K.suspects, 'h') end
if phase == 'r' then return fileReady(K.ready, 's') end
local state, seq = string.match(last, '^(%d+) (%d+)$')
return countIndexed(tonumber(state), tonumber(seq))
