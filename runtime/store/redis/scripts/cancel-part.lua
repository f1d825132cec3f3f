--[[
Cancels one run, for scripts that cancel.
]]

--- Cancels a live run: at once if no worker holds it, otherwise by an order to its holder. Returns its state.
local function cancelRun(run, by, reason)
  note(run, { kind = 'cancel', by = by, reason = reason })
  local state
  if run[STATE] == RUNNING then
    local _, lease = readStay(run)
    state = place(run, 'order cancel')
    if lease then cancelOrders().give(lease, run[ID]) end
  else
    state = place(run, 'cancel')
  end
  setExtra(run, 'c', { by = by, reason = reason })
  return state
end
