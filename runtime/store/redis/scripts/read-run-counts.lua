--[[
How many runs there are by queue, job and state.
keys: meta runCounts classes ready suspects
input: nothing
returns: as storedCounts of run-counts-part
writes: nothing
uses: bounded-part run-counts-part
]]
return storedCounts()
