--[[
Returns the number of runs by queue, job and state.
keys: meta runCounts classes ready suspects
input: nothing
returns: as runCounts of run-counts-part
writes: nothing
uses: bounded-part run-counts-part
]]
return runCounts()
