--[[
Returns the numbers that decide which indexes a search of runs reads: see run-plan.ts.
keys: meta runCounts classes ready suspects held index groups changed tags
input: time, job, queue, tag ('' for none), since and before by the wall, min age ('' for none), states of the search
returns: { from, before } of a run's last change, in the store's time; runs by state (0 for states that the search lacks);
  runs by state that changed in that time (-1: unknown); runs with the tag; states whose groups are unknown; { state,
  queue, job, runs, ... } of the others, of the job and queue; 1 when all waiting runs are in `changed`
uses: bounded-part run-counts-part
writes: nothing
]]
local job, queue, tag = ARGV[2], ARGV[3], ARGV[4]
local since, before, age = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local LAST = 281474976710655
local isWanted = {}
for _, code in ipairs({ string.byte(ARGV[8], 1, -1) }) do isWanted[code] = true end

local function storeTime(at) return math.max(0, math.min(LAST, at - wall + now)) end

local from = since and storeTime(since) or 0
local to = before and storeTime(before) or LAST
if age then to = math.max(0, math.min(to, now - age + 1)) end
from, to = math.ceil(from), math.ceil(to)

local totals, inTime = {}, {}
for code = SCHEDULED, EXPIRED do
  inTime[code] = -1
  if code == READY then totals[code] = redis.call('ZCARD', K.ready) + redis.call('ZCARD', K.suspects)
  elseif code == RUNNING or code == CANCELLING then totals[code] = redis.call('ZCARD', K.held)
  else totals[code] = isWanted[code] and ofState(K.index, code) or 0 end
end

local isFiledByTime = { [WAITING] = true, [BLOCKED] = true, [FAILED] = true, [CANCELLED] = true, [EXPIRED] = true }
if from > 0 or to < LAST then
  for code in pairs(isFiledByTime) do
    -- If an earlier version moved runs, the sets differ until a recount.
    if isWanted[code] and ofState(K.changed, code) == totals[code] then
      inTime[code] = redis.call('ZLEXCOUNT', K.changed, '[' .. struct.pack('>BI6', code, from), '(' .. struct.pack('>BI6', code, to))
    end
  end
end

-- More counters, or ready classes, take too long to read. Then their groups are unknown.
local MOST_COUNTERS, MOST_CLASSES = 4000, 1000
local groups, known = {}, {}
if (job ~= '' or queue ~= '') and redis.call('HLEN', K.runCounts) <= MOST_COUNTERS then
  runCounts(MOST_COUNTERS, MOST_CLASSES)
  local _, isMore = readyClasses()
  local sums, counts = {}, countsByField()
  for field, n in pairs(counts) do
    local code = tonumber(string.match(field, '%d+$'))
    sums[code] = (sums[code] or 0) + n
  end
  local held = (sums[RUNNING] or 0) + (sums[CANCELLING] or 0)
  for code = SCHEDULED, EXPIRED do
    if code == READY then known[code] = not isMore
    elseif code == RUNNING or code == CANCELLING then known[code] = held == totals[code]
    elseif isWanted[code] then
      known[code] = (sums[code] or 0) == totals[code] and (code == COMPLETED or ofState(K.groups, code) == totals[code])
    end
  end
  for field, n in pairs(counts) do
    local ownQueue, ownJob, code = string.match(field, '^(%Z*)%z(%Z*)%z(%d+)$')
    if known[tonumber(code)] and (job == '' or job == ownJob) and (queue == '' or queue == ownQueue) then
      for _, part in ipairs({ tonumber(code), ownQueue, ownJob, n }) do groups[#groups + 1] = part end
    end
  end
end
local unknown = {}
for code = SCHEDULED, EXPIRED do
  if not known[code] then unknown[#unknown + 1] = code end
end

local tagged = 0
if tag ~= '' then tagged = redis.call('ZLEXCOUNT', K.tags, '[' .. tag .. '\0', '(' .. tag .. '\1') end
local isWaitingFiled = isWanted[WAITING] and ofState(K.changed, WAITING) == totals[WAITING]
return {
  { string.format('%.0f', from), string.format('%.0f', to) }, totals, inTime, tagged, unknown, groups, isWaitingFiled and 1 or 0,
}
