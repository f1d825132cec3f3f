--[[ A step's use of limits, which its worker names by a number, its turn. ]]

--- Returns the run and the request of this turn; or 'gone' if the worker doesn't hold the run, 'another' for a late
--- repeat.
local function currentUse(lease, id, fence, path, turn)
  local run = load(id)
  if not run or run[STATE] ~= RUNNING then return 'gone' end
  local heldFence, holder = readStay(run)
  if heldFence ~= fence or holder ~= lease then return 'gone' end
  local admission = limits().admissionsOf(run)[path]
  if not admission or admission.f ~= fence or admission.u ~= turn then return 'another' end
  return nil, run, admission
end
