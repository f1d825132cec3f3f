--[[
Checks that a run is still as the caller saw it, for scripts of manual writes.
]]

--- `states`: their numbers with commas around and between, '' for any. `changedAt`: when it entered its state, '' for
--- any.
local function isAsExpected(run, states, changedAt)
  if states == '' then return true end
  if not string.find(states, ',' .. run[STATE] .. ',', 1, true) then return false end
  return changedAt == '' or run[CHANGED_AT] == tonumber(changedAt)
end
