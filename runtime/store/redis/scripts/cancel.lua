--[[
Cancels at once what nobody holds; orders the holder otherwise. An ended run stays as it is.
keys: all
input: time, run, request, by, reason ('' for none)
returns: the state's number, or 'unknown'
writes: when full
uses: prelude limits-part operations-part
]]
local id, request, by, reason = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local before = answered(request)
if before then return before end
local run = load(id)
if not run then return 'unknown' end
local state = run[STATE]
if state < COMPLETED and state ~= CANCELLING then
  local write = { by = by, reason = reason ~= '' and reason or nil }
  logOperation({
    operation = 'cancel run', subject = id, by = by, reason = reason, details = { job = run[JOB], queue = run[QUEUE] },
  })
  note(run, { kind = 'cancel', by = write.by, reason = write.reason })
  if state == RUNNING then
    local _, lease = readStay(run)
    state = place(run, 'order cancel')
    if lease then orderCancel(lease, id) end
  else
    state = place(run, 'cancel')
  end
  setExtra(run, 'c', write)
end
keepAnswer(request, state)
finish()
return tostring(state)
