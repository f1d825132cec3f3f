--[[
Ends the lease of a silent worker whose task has stopped according to ECS, unless the worker was seen since (LW5 in
store/lost-workers.ts).
keys: all
input: time, lease, when the store last saw its worker
returns: 1 lost, now or before; 0 not
writes: when full
uses: prelude limits-part failures-part count-failure-part coordination-part leases-part lease-ends-part
]]
local lease, seenAt = ARGV[2], tonumber(ARGV[3])
if lostWorker(lease) then return 1 end
markSeen()
local status = readStatus(lease)
if not isHeld(status) or status.seenAt ~= seenAt or now - seenAt <= status.leaseMs * SILENT_SHARE then return 0 end
reclaim(lease, 'exit')
finish()
return 1
