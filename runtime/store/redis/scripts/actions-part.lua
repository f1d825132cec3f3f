--[[
Actions on many runs: A1 to A4 of store/actions.ts. `actions` has what an action is to do (kind, by, the reason for
histories, at, json), `actionProgress` where it stands: done, refused, refusals as { run, kind, details ... }, and cursor or endedAt.
]]
local MOST_REFUSALS, KEEP_ACTIONS = --[[actions]] 0, 0

local function actionReply(id)
  local begun = call('HGET', K.actions, id)
  if not begun then return 'unknown' end
  return { begun, call('HGET', K.actionProgress, id) }
end

local function writeProgress(id, progress)
  call('HSET', K.actionProgress, id, cmsgpack.pack(progress))
  call('ZADD', K.actionOrder, now, id)
end
