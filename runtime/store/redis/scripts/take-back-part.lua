--[[
Takes a loss of a run back from its streak.
]]

--- Returns the run if it is as it was right after the loss: it has neither ended, nor stored an entry, nor been lost
--- again.
local function loadLost(id, losses, streak)
  local run = load(id)
  if not run or run[STATE] >= COMPLETED then return end
  if run[STATE] == RUNNING or run[STATE] == CANCELLING then run.stayFence = readStay(run) end
  if run[LOSSES] ~= losses or run[STREAK] ~= streak or streak == 0 then return end
  return run
end

--- Sets the streak in force: a held run has it in its stay.
local function setStreak(run, streak)
  local state = run[STATE]
  if state == READY then zrem(readySet(run), readyMember(run, classOf(run))) end
  run[STREAK] = streak
  if state == READY then
    zadd(readySet(run), readyMember(run, classOf(run)), '0')
    -- A lease that has a suspect may take it now.
    countWake(run)
  end
  if run.stayFence then
    hset(K.stays, run[ID], pack('>I6I4I4B', run.stayFence, run[POSITION], run[BYTES], streak) .. run.holder)
  end
  run.raw = nil
  markDirty(run)
end
