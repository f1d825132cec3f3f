--[[
How many runs there are by queue, job and state.
keys: meta runCounts classes ready suspects
input: nothing
returns: { queue\0job\0state, count, ... }
writes: nothing
uses: bounded-part run-counts-part
]]
local flat = {}
for field, n in pairs(runCounts()) do
  flat[#flat + 1] = field
  flat[#flat + 1] = n
end
return flat
