--[[
Ends a lease and makes its runs ready, except those to keep: they stay held until the process dies.
keys: all
input: time, lease, then the ids to keep
returns: 1 when all is handed over, 0 when there is more: call again
writes: when full
uses: prelude limits-part failures-part count-failure-part coordination-part leases-part lease-ends-part joined-part
]]
local MOST = 500
local lease = ARGV[2]
local status = readStatus(lease)
if not isHeld(status) then return 1 end
local keep, kept = {}, 0
for i = 3, #ARGV do
  keep[ARGV[i]] = true
  kept = kept + 1
end
local worker = workerName(lease)
local ids = heldBy(lease, MOST + kept)
for i = 1, #ids do
  local run = runs[ids[i]]
  if run and not keep[run[ID]] then
    if run[STATE] ~= CANCELLING then note(run, { kind = 'released', worker = worker }) end
    leaveSlot(run, 'release')
  end
end
flush()
status = readStatus(lease)
if kept > 0 then
  status.draining, status.drainOrder = 1, 1
  writeStatus(lease, status)
  call('HDEL', K.idle, lease)
elseif #ids < MOST then
  local raw = call('HGET', K.workers, lease)
  logOperation({ operation = 'worker left', subject = worker, details = raw and versionsOf(cmsgpack.unpack(raw)) })
  forgetWorker(lease)
end
finish()
return #ids < MOST + kept and 1 or 0
