--[[
Deletes ended runs with all their data; their ids stay taken for 10 minutes. A manual call passes one run and a request;
the sweep passes the runs it found, and those that are live again are skipped.
keys: all + one journal per run
input: time, request ('' from the sweep), by, reason, expected states, expected changed at, then the runs
returns: how many were deleted, or the state's number of a run that is live, 'unknown', 'before', or 'moved' and
  the state's number when the run isn't as expected
writes: when full
uses: prelude limits-part operations-part expected-part remove-part
]]
local request, by, reason = ARGV[2], ARGV[3], ARGV[4]
if request ~= '' and answered(request) then return 'before' end

local deleted = 0
preload({ unpack(ARGV, 7) })
for i = 7, #ARGV do
  local run = load(ARGV[i])
  if request ~= '' and not run then return 'unknown' end
  if request ~= '' and not isAsExpected(run, ARGV[5], ARGV[6]) then return 'moved ' .. run[STATE] end
  if request ~= '' and run[STATE] < COMPLETED then return tostring(run[STATE]) end
  if run and run[STATE] >= COMPLETED then
    if request ~= '' then
      local details = { job = run[JOB], queue = run[QUEUE] }
      logOperation({ operation = 'remove run', subject = run[ID], by = by, reason = reason, details = details })
    end
    deleteRun(run, KEYS[STATIC_KEYS + i - 6], request ~= '')
    deleted = deleted + 1
  end
end
if request ~= '' then keepAnswer(request, '1') end
finish(deleted > 0)
return deleted
