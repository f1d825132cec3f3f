--[[
Failures in groups (store/failures.ts). A mark is a list: fingerprint, step, name, code or '', text, version.
`failures` has per fingerprint: first and last time, tries, runs, job; then a msgpack list of step, name, code, text, sample,
versions (newest first) and minutes of the store's time with tries, oldest first: minute, tries, minute, tries ...
Failures of one script are summed, so that a group costs by script, not by failure.
]]
local GROUP = '>I6I6I4I4s'
local FAILURE_GROUPS, FAILURE_MINUTES, FAILURE_VERSIONS = --[[failures]] 0, 0, 0
local LARGEST_COUNT = 4294967295

--- Made for the first failure that a script counts.
local function makeCount()
  local order, sums = {}, {}

  --- Up to FAILURE_VERSIONS different numbers, the highest first.
  local function addVersion(versions, version)
    for i = 1, #versions do
      if versions[i] == version then return end
    end
    versions[#versions + 1] = version
    table.sort(versions, function(a, b) return a > b end)
    versions[FAILURE_VERSIONS + 1] = nil
  end

  --- A clock that went back leaves minutes that have not come.
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

  --- What was seen least recently makes room.
  local function forgetOldest()
    local over = call('ZCARD', K.failureOrder) - FAILURE_GROUPS
    if over <= 0 then return end
    local oldest = call('ZRANGE', K.failureOrder, 0, over - 1)
    call('ZREM', K.failureOrder, unpack(oldest))
    call('HDEL', K.failures, unpack(oldest))
  end

  local function writeGroup(fingerprint, sum)
    local raw = call('HGET', K.failures, fingerprint)
    local firstAt, tries, runs, versions, minutes = now, 0, 0, {}, {}
    if raw then
      local _, after
      firstAt, _, tries, runs, _, after = unpack1(GROUP, raw)
      local rest = cmsgpack.unpack(sub(raw, after))
      versions, minutes = rest[6], rest[7]
    end
    for i = 1, #sum.versions do addVersion(versions, sum.versions[i]) end
    local _, step, name, code, failureText = unpack(sum.mark)
    local record = pack(GROUP, firstAt, now, math.min(LARGEST_COUNT, tries + sum.tries), math.min(LARGEST_COUNT, runs + sum.runs), sum.job)
      .. cmsgpack.pack({ step, name, code, failureText, sum.sample, versions, addTries(minutes, sum.tries) })
    call('HSET', K.failures, fingerprint, record)
    call('ZADD', K.failureOrder, now, fingerprint)
    if not raw then forgetOldest() end
  end

  function writeFailures()
    for i = 1, #order do writeGroup(order[i], sums[order[i]]) end
    order, sums = {}, {}
  end

  return function(run, mark, of)
    local fingerprint = mark[1]
    local sum = sums[fingerprint]
    if not sum then
      sum = { tries = 0, runs = 0, versions = {}, job = run[JOB] }
      sums[fingerprint] = sum
      order[#order + 1] = fingerprint
    end
    sum.mark, sum.sample = mark, run[ID]
    if of == 'step' or mark[2] == '' then sum.tries = sum.tries + 1 end
    if of == 'end' then sum.runs = sum.runs + 1 end
    addVersion(sum.versions, mark[6])
  end
end

local madeCount

--- Counts one failure with a mark: of a step, or of a run (`of`: 'step', 'try', 'end'). A run's is a try too unless it is
--- a step's that escaped (F2).
local function countFailure(run, mark, of)
  madeCount = madeCount or makeCount()
  madeCount(run, mark, of)
end
