--[[
Makes an ended, not completed, or blocked run ready; drops the entries that the caller's plan names.
keys: all + the run's journal
input: time, run, request, answer to keep, by, reason, state and position the plan was made for, changed at,
  then the positions to drop
returns: 'done', 'before' and the kept answer, 'changed': plan again, 'unknown', or 'duplicate', who holds a key of it and which
writes: when full
uses: prelude limits-part unique-part retry-part
]]
local id, request, answer = ARGV[2], ARGV[3], ARGV[4]
local before = answered(request)
if before then return { 'before', before } end
local run = load(id)
if not run then return { 'unknown' } end
local outcome, holder, key = retryRun(run, KEYS[STATIC_KEYS + 1], { by = ARGV[5], reason = ARGV[6] }, ARGV, 7)
if outcome ~= 'done' then return { outcome, holder, key } end
keepAnswer(request, answer)
finish()
return { 'done' }
