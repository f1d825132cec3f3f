--[[
Deletes ended runs with all that belongs to them; their ids stay taken for 10 minutes. By hand it is one run and a
request; the sweep passes those it found, and those that live again meanwhile stay.
keys: all + one journal per run
input: time, request ('' from the sweep), by, reason, then the runs
returns: how many were deleted, or the number of the state of the one that lives, 'unknown', 'before'
writes: when full
uses: prelude limits-part operations-part
]]
local request, by, reason = ARGV[2], ARGV[3], ARGV[4]
if request ~= '' and answered(request) then return 'before' end

local function delete(run, journal)
  leavePlace(run)
  tally(run, run[STATE])
  -- The sweep takes from the heads of these lists; what was removed by hand it finds to be stale.
  if request == '' then call('LREM', endedList(run[STATE]), 1, pack('>I6', run[CHANGED_AT]) .. run[ID]) end
  for _, tag in ipairs(extrasOf(run).t or {}) do zrem(K.tags, tag .. '\0' .. pack('>I6', run[SEQ]) .. run[ID]) end
  hdel(K.runs, run[ID])
  hdel(K.history, run[ID])
  -- A window goes on when retention takes the run, not when somebody does.
  for _, field in ipairs(request ~= '' and uniqueKeys().keysOf(run) or {}) do
    local held = uniqueKeys().readKey(field)
    if held and sub(held, sub(held, 1, 1) == 'w' and 8 or 2) == run[ID] then uniqueKeys().writeKey(field, false) end
  end
  if run[GIVEN] == '' then hdel(K.payloads, 'i' .. run[ID]) end
  if run[OUTCOME] == '+' then hdel(K.payloads, 'o' .. run[ID]) end
  call('UNLINK', journal)
  zadd(K.forget, 't' .. run[ID], now + KEEP_ANSWERS)
end

local deleted = 0
preload({ unpack(ARGV, 5) })
for i = 5, #ARGV do
  local run = load(ARGV[i])
  if request ~= '' and not run then return 'unknown' end
  if request ~= '' and run[STATE] < COMPLETED then return tostring(run[STATE]) end
  if run and run[STATE] >= COMPLETED then
    if request ~= '' then
      local details = { job = run[JOB], queue = run[QUEUE] }
      logOperation({ operation = 'remove run', subject = run[ID], by = by, reason = reason, details = details })
    end
    delete(run, KEYS[STATIC_KEYS + i - 4])
    deleted = deleted + 1
  end
end
if request ~= '' then keepAnswer(request, '1') end
finish(deleted > 0)
return deleted
