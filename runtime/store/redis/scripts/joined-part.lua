--[[ Details that the log records of a worker that joins or leaves. ]]
local MOST_VERSIONS = 50

--- Returns the versions that a worker runs, by job, of a bounded number of jobs.
local function versionsOf(worker)
  local versions = {}
  for i = 1, math.min(MOST_VERSIONS, #worker.jobs) do versions[worker.jobs[i].name] = worker.jobs[i].version end
  return next(versions) and versions
end
