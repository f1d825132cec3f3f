--[[ What the log tells of a worker that joins or leaves. ]]

--- By job the version that a worker runs, of some jobs at most.
local function versionsOf(worker)
  local most, versions = 50, {}
  for i = 1, math.min(most, #worker.jobs) do versions[worker.jobs[i].name] = worker.jobs[i].version end
  return next(versions) and versions
end
