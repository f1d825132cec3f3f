--[[
Cancels a run at once if no worker holds it, otherwise by an order to its holder. An ended run doesn't change.
keys: all
input: time, run, request, by, reason ('' for none), expected states, expected changed at
returns: the state's number, 'unknown', or 'moved' and the state's number when the run isn't as expected
writes: when full
uses: prelude limits-part operations-part expected-part cancel-part
]]
local id, request, by, reason = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local before = answered(request)
if before then return before end
local run = load(id)
if not run then return 'unknown' end
if not isAsExpected(run, ARGV[6], ARGV[7]) then return 'moved ' .. run[STATE] end
local state = run[STATE]
if state < COMPLETED and state ~= CANCELLING then
  logOperation({
    operation = 'cancel run', subject = id, by = by, reason = reason, details = { job = run[JOB], queue = run[QUEUE] },
  })
  state = cancelRun(run, by, reason ~= '' and reason or nil)
end
keepAnswer(request, state)
finish()
return tostring(state)
