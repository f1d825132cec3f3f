--[[
Applies an action to the runs of one chunk and moves its cursor, unless the cursor is elsewhere (this is a repeat, or
another process was first) or the action has ended.
keys: all + one journal per run of a retry or remove
input: time, action, from, next ('' for the last chunk), then per run msgpack of { run, number of the state that a filter found
  it in or 0, why it can't be retried or '', and for a retry: state and position it was planned for, changed at, positions to drop ... }
returns: 'unknown', or { definition, progress }, as stored
writes: when full
uses: prelude limits-part unique-part retry-part cancel-part remove-part actions-part
]]
local id, next_ = ARGV[2], ARGV[4]
local raw = call('HGET', K.actionProgress, id)
if not raw then return 'unknown' end
local progress = cmsgpack.unpack(raw)
if progress.cursor ~= ARGV[3] then return actionReply(id) end
local action = cmsgpack.unpack(call('HGET', K.actions, id))
local kind, begunAt, minAge = action.kind, action.at, action.minAge or 0

local function accepts(state)
  if kind == 'retry' then return state == BLOCKED or state > COMPLETED end
  if kind == 'cancel' then return state < COMPLETED and state ~= CANCELLING end
  return state >= COMPLETED
end

--- Returns why the action skips a run; a run that is 'newer' isn't counted. The same as `judge` in
--- store/action-refusal.ts.
local function judge(run, found)
  if not run then return 'gone' end
  local state = run[STATE]
  if found ~= 0 then
    if state ~= found or run[CHANGED_AT] > begunAt then
      if run[ENQUEUED_AT] > begunAt then return 'newer' end
      return 'moved', state
    end
    if run[CHANGED_AT] > begunAt - minAge then return 'newer' end
  end
  if not accepts(state) then return 'state', state end
  if kind ~= 'cancel' and run[CHANGED_AT] > begunAt then return 'moved', state end
end

--- Returns why the run is refused, with details; a refused run is unchanged.
local function carryOut(run, entry, journal)
  if kind == 'cancel' then
    cancelRun(run, action.by, action.reason)
  elseif kind == 'remove' then
    deleteRun(run, journal, true)
  elseif entry[3] ~= '' then
    return 'once', entry[3]
  else
    local outcome, holder, key = retryRun(run, journal, action, entry, 4)
    if outcome ~= 'done' then return outcome, holder, key end
  end
end

local function refuse(run, why, first, second)
  progress.refused = progress.refused + 1
  if #progress.refusals < MOST_REFUSALS then
    progress.refusals[#progress.refusals + 1] = { run, why, first, second }
  end
end

local entries, ids = {}, {}
for i = 5, #ARGV do
  entries[i - 4] = cmsgpack.unpack(ARGV[i])
  ids[i - 4] = entries[i - 4][1]
end
preload(ids)
for i = 1, #entries do
  local entry = entries[i]
  local run = load(entry[1])
  local why, first, second = judge(run, entry[2])
  if not why then why, first, second = carryOut(run, entry, KEYS[STATIC_KEYS + i]) end
  if not why then progress.done = progress.done + 1
  elseif why ~= 'newer' then refuse(entry[1], why, first, second) end
end
if next_ == '' then endProgress(id, action, progress, action.by, action.why) else progress.cursor = next_ end
writeProgress(id, progress)
finish(true)
return actionReply(id)
