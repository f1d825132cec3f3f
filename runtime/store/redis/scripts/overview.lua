--[[
Returns all parts of an overview, each as its own script returns it, but the counts only once.
keys: all
input: time; how many counters, classes, heads of classes, workers, leaders at most; limiters and inspected keys;
  schedules, inspected ones and bytes; held runs and inspected ones; failures, operations; ms from which a schedule is
  late, ms for which its last tick is shown; then as read-statistics
returns: { counts, queues, workers, leaders, limiters, schedules (wall, ...), held runs, failures, operations, mutes,
  statistics, names of parts of which there is more }
writes: nothing
uses: bounded-part run-counts-part busy-limiters-part notable-schedules-part longest-held-part
calls: read-queues read-workers read-terms read-failures read-events read-mutes read-statistics
]]
local most = {}
for i = 2, 17 do most[i - 1] = tonumber(ARGV[i]) end
local cut = {}

local function note(name, more)
  if more then cut[#cut + 1] = name end
end

-- The parts that need them share one read, and the reply has them once.
local counts = runCounts(most[1], most[2])
note('counts', counts[4] == 1)
note('queues', counts[4] == 1)
local queues = callReadQueues({ ARGV[1], most[3] })
queues[2] = ''
local workers = callReadWorkers({ ARGV[1], most[4] })
note('workers', workers[2] == 1)
local leaders = callReadTerms({ ARGV[1], most[5] })
note('leaders', leaders[2] == 1)
local limiters, moreLimiters = busyLimiters(most[6], most[7])
note('limiters', moreLimiters)
local schedules, moreSchedules = notableSchedules(most[8], most[9], most[10], most[15], most[16])
note('schedules', moreSchedules)
table.insert(schedules, 1, string.format('%.0f', wall))
local held, moreHeld = longestHeld(most[11], most[12])
note('longestHeld', moreHeld)
local failures = callReadFailures({ ARGV[1], 'latest', most[13], '', '', '' })
local operations = callReadEvents({ most[14], '0', '1', '', '', '' })
local statistics = callReadStatistics({ ARGV[1], unpack(ARGV, 18) })
statistics[7] = ''
return {
  counts, queues, workers, leaders, limiters, schedules, held, failures, operations, callReadMutes({ ARGV[1] }),
  statistics, cut,
}
