--[[ What the log tells of a worker that joins or leaves. ]]
local MOST_VERSIONS = 50

--- By job the version that a worker runs, of some jobs at most.
local function versionsOf(worker)
  local versions = {}
  for i = 1, math.min(MOST_VERSIONS, #worker.jobs) do versions[worker.jobs[i].name] = worker.jobs[i].version end
  return next(versions) and versions
end
