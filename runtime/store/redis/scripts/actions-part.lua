--[[
Actions on many runs: A1 to A5 of store/actions.ts. `actions` has an action's definition (kind, by, why, the reason for
histories, at, minAge, json), `actionProgress` its progress: done, refused, refusals as { run, kind, details ... }, and
cursor or endedAt.
uses: operations-part
]]
local MOST_REFUSALS = --[[refusals]] 0

local function actionReply(id)
  local begun = call('HGET', K.actions, id)
  if not begun then return 'unknown' end
  return { begun, call('HGET', K.actionProgress, id) }
end

local function writeProgress(id, progress)
  call('HSET', K.actionProgress, id, cmsgpack.pack(progress))
  call('ZADD', K.actionOrder, now, id)
end

--- Ends an action at its current progress; the caller still has to write `progress`.
local function endProgress(id, action, progress, by, reason)
  progress.endedAt, progress.cursor = now, nil
  logOperation({
    operation = 'end action', subject = id, by = by, reason = reason, count = progress.done,
    details = { kind = action.kind, refused = progress.refused },
  })
end
