--[[ Counts failures of runs in scripts that end with `finish`. ]]
local failureCounts

--- `of`: 'step', 'try', 'end', as in failures-part.lua.
local function countFailure(run, mark, of)
  if not failureCounts then
    failureCounts = makeFailureCounts()
    writeFailures = failureCounts.write
  end
  failureCounts.count(run[JOB], run[ID], mark, of)
end
