--[[
Makes a failed, cancelled, expired or blocked run ready; drops the entries that the caller's plan names.
keys: all + the run's journal
input: time, run, request, reply to retain, by, reason, state and position the plan was made for, changed at,
  then the positions to drop
returns: 'done', 'before' and the retained reply, 'changed': plan again, 'unknown', or 'duplicate', the holder of a key
  and the key
writes: when full
uses: prelude limits-part unique-part operations-part retry-part
]]
local id, request, answer = ARGV[2], ARGV[3], ARGV[4]
local before = answered(request)
if before then return { 'before', before } end
local run = load(id)
if not run then return { 'unknown' } end
local by, reason = ARGV[5], ARGV[6]
local function log()
  logOperation({
    operation = 'retry run', subject = id, by = by, reason = reason, details = { job = run[JOB], queue = run[QUEUE] },
  })
end
local outcome, holder, key = retryRun(run, KEYS[STATIC_KEYS + 1], { by = by, reason = reason }, ARGV, 7, log)
if outcome ~= 'done' then return { outcome, holder, key } end
keepAnswer(request, answer)
finish()
return { 'done' }
