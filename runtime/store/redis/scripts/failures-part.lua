--[[
Failures in groups (store/failures.ts). A mark is a list: fingerprint, step, name, code or '', text, version.
`failures` has per fingerprint: first and last time, tries, runs, job; then a msgpack list of step, name, code, text, sample,
versions (newest first) and minutes of the store's time with tries, oldest first: minute, tries, minute, tries ...
A script's failures are summed and written together, so that they cost by script, not by failure.
]]
local FAILURE_GROUPS, FAILURE_MINUTES, FAILURE_VERSIONS = --[[failures]] 0, 0, 0
local LARGEST_COUNT, GROUPS_AT_ONCE = 4294967295, 500

local function makeFailureCounts()
  local order, sums = {}, {}

  --- Keeps up to FAILURE_VERSIONS different numbers, the highest first.
  local function addVersion(versions, version)
    for i = 1, #versions do
      if versions[i] == version then return end
    end
    versions[#versions + 1] = version
    table.sort(versions, function(a, b) return a > b end)
    versions[FAILURE_VERSIONS + 1] = nil
  end

  --- Drops minutes in the future, left by a clock that went back.
  local function addTries(minutes, tries)
    local minute, kept = floor(now / 60000), {}
    for i = 1, #minutes, 2 do
      local at = minutes[i]
      if at == minute then tries = tries + minutes[i + 1]
      elseif at < minute and at > minute - FAILURE_MINUTES then
        kept[#kept + 1] = at
        kept[#kept + 1] = minutes[i + 1]
      end
    end
    if tries > 0 then
      kept[#kept + 1] = minute
      kept[#kept + 1] = tries
    end
    return kept
  end

  --- Drops the groups seen least recently beyond the bound.
  local function forgetOldest()
    local over = call('ZCARD', K.failureOrder) - FAILURE_GROUPS
    if over <= 0 then return end
    local oldest = call('ZRANGE', K.failureOrder, 0, over - 1)
    call('ZREM', K.failureOrder, unpack(oldest))
    call('HDEL', K.failures, unpack(oldest))
  end

  --- Returns a group's record with what this script adds to it.
  local function recordOf(raw, sum)
    local firstAt, tries, runs, versions, minutes = now, 0, 0, {}, {}
    if raw then
      local _, after
      firstAt, _, tries, runs, _, after = unpack1('>I6I6I4I4s', raw)
      local rest = cmsgpack.unpack(sub(raw, after))
      versions, minutes = rest[6], rest[7]
    end
    for i = 1, #sum.versions do addVersion(versions, sum.versions[i]) end
    local _, step, name, code, words = unpack(sum.mark)
    tries, runs = math.min(LARGEST_COUNT, tries + sum.tries), math.min(LARGEST_COUNT, runs + sum.runs)
    return pack('>I6I6I4I4s', firstAt, now, tries, runs, sum.job)
      .. cmsgpack.pack({ step, name, code, words, sum.run, versions, addTries(minutes, sum.tries) })
  end

  local function writePart(names)
    local known, records, seen, isNew = call('HMGET', K.failures, unpack(names)), {}, {}, false
    for i = 1, #names do
      isNew = isNew or not known[i]
      records[i * 2 - 1], records[i * 2] = names[i], recordOf(known[i], sums[names[i]])
      seen[i * 2 - 1], seen[i * 2] = now, names[i]
    end
    call('HSET', K.failures, unpack(records))
    call('ZADD', K.failureOrder, unpack(seen))
    if isNew then forgetOldest() end
  end

  local function write()
    for first = 1, #order, GROUPS_AT_ONCE do
      writePart({ unpack(order, first, math.min(#order, first + GROUPS_AT_ONCE - 1)) })
    end
    order, sums = {}, {}
  end

  --- Counts one failure: of a step, or of a run (`of`: 'step', 'try', 'end'). A run's failure also counts as a try,
  --- unless it is a step's failure that escaped (F2).
  local function count(job, run, mark, of)
    local fingerprint = mark[1]
    local sum = sums[fingerprint]
    if not sum then
      sum = { tries = 0, runs = 0, versions = {}, job = job }
      sums[fingerprint] = sum
      order[#order + 1] = fingerprint
    end
    sum.mark, sum.run = mark, run
    if of == 'step' or mark[2] == '' then sum.tries = sum.tries + 1 end
    if of == 'end' then sum.runs = sum.runs + 1 end
    addVersion(sum.versions, mark[6])
  end

  return { count = count, write = write }
end
