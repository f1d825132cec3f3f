--[[ The use of limits that a step's worker names by its turn. ]]

--- The run and the admission of this turn; or 'gone' when the run is not held here, 'another' for a late repeat.
local function currentUse(lease, id, fence, path, turn)
  local run = load(id)
  if not run or run[STATE] ~= RUNNING then return 'gone' end
  local heldFence, holder = readStay(run)
  if heldFence ~= fence or holder ~= lease then return 'gone' end
  local admission = limits().admissionsOf(run)[path]
  if not admission or admission.f ~= fence or admission.u ~= turn then return 'another' end
  return nil, run, admission
end
