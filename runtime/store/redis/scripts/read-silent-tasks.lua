--[[
Returns the workers whose tasks to query in ECS: lost ones whose task ended for an unknown reason, and silent ones.
keys: meta lost lostOrder status workers
input: time
returns: per lost worker { lease, name, task, 'lost', ms since }, the newest first, then per silent one
  { lease, name, task, 'silent', when it was last seen }
writes: nothing
uses: lost-workers-part
]]
local MAX_LOOKED_AT = 500
local found = {}
local leases = call('ZRANGE', K.lostOrder, 0, -1)
for i = #leases, 1, -1 do
  local lost = lostWorker(leases[i])
  if not lost then break end
  if not lost.death then
    found[#found + 1] = { leases[i], lost.name, lost.task, 'lost', string.format('%.0f', now - lost.at) }
  end
end

local all, looked, silent = call('HGETALL', K.status), 0, 0
for i = 1, #all, 2 do
  if looked == MAX_LOOKED_AT or silent == MAX_TOLD then break end
  -- STATUS of the prelude.
  local seenAt, leaseMs, _, _, ended = unpack1('>I6I6BBB', all[i + 1])
  if ended == 0 and leaseMs >= SILENT_FROM_LEASE and now - seenAt > leaseMs * SILENT_SHARE then
    looked = looked + 1
    local raw = call('HGET', K.workers, all[i])
    local worker = raw and cmsgpack.unpack(raw)
    if worker and worker.task then
      silent = silent + 1
      found[#found + 1] = { all[i], worker.name, worker.task, 'silent', string.format('%.0f', seenAt) }
    end
  end
end
return found
