--[[
Makes an ended, not completed, or blocked run ready; drops the entries that the caller's plan names.
keys: all + the run's journal
input: time, run, request, answer to keep, by, reason, state and position the plan was made for, changed at,
  then the positions to drop
returns: 'done', 'before' and the kept answer, 'changed': plan again, 'unknown', or 'duplicate', who holds a key of it and which
writes: when full
uses: prelude limits-part unique-part operations-part
]]
local id, request, answer, by, reason = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local before = answered(request)
if before then return { 'before', before } end
local run = load(id)
if not run then return { 'unknown' } end
local planned = run[STATE] == tonumber(ARGV[7]) and run[POSITION] == tonumber(ARGV[8]) and run[CHANGED_AT] == tonumber(ARGV[9])
if not planned then return { 'changed' } end

-- R29. All is inspected before the first key is taken.
local fields, code = uniqueKeys().keysOf(run)
if not code or (code > UNTIL_STARTED and code <= now) then fields = {} end
for i = 1, #fields do
  local holder = holderOf(fields[i])
  if holder and holder ~= id then return { 'duplicate', holder, sub(fields[i], #run[JOB] + 2) } end
end

--- Takes a key from a holder that holds it no more.
local function freeOverdue(field)
  if holderOf(field) then return end
  local held = runUnder(field)
  if held and held[STATE] < COMPLETED and isOverdue(held) then place(held, 'expire') end
  if uniqueKeys().readKey(field) then uniqueKeys().writeKey(field, false) end
end
for i = 1, #fields do freeOverdue(fields[i]) end

local journal = KEYS[STATIC_KEYS + 1]
logOperation({
  operation = 'retry run', subject = id, by = by, reason = reason, details = { job = run[JOB], queue = run[QUEUE] },
})
note(run, { kind = 'retry', by = by, reason = reason })
for i = 10, #ARGV do
  local position = tonumber(ARGV[i])
  local entry = call('LINDEX', journal, position - 1)
  if entry and entry ~= '' then
    run[BYTES] = math.max(0, run[BYTES] - #entry - 34)
    call('LSET', journal, position - 1, '')
  end
end
setOutcome(run, '')
for _, name in ipairs({ 'e', 'b', 'c', 'k', 'P' }) do setExtra(run, name, nil) end
place(run, run[STATE] == BLOCKED and 'unblock' or 'retry', {
  [ATTEMPT] = 1, [STARTED_AT] = 0, [DEADLINE_AT] = 0, [EXPIRES_AT] = 0, [STREAK] = 0,
})
keepAnswer(request, answer)
finish()
return { 'done' }
