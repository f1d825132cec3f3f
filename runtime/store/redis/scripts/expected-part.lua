--[[
Whether a run is still as the caller of a manual write saw it, for scripts of such writes.
]]

--- `states`: their numbers with commas around and between, '' for any. `changedAt`: when it came into its state, '' for any.
local function isAsExpected(run, states, changedAt)
  if states == '' then return true end
  if not string.find(states, ',' .. run[STATE] .. ',', 1, true) then return false end
  return changedAt == '' or run[CHANGED_AT] == tonumber(changedAt)
end
