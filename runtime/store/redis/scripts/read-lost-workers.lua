--[[
Workers of ECS tasks that were lost within the last hour, the newest first.
keys: meta lost lostOrder
input: time
returns: msgpack of each: { name, task, at, by, runs, death }
writes: nothing
uses: lost-workers-part
]]
local found = {}
local leases = call('ZREVRANGE', K.lostOrder, 0, MAX_TOLD - 1)
for i = 1, #leases do
  local lost = lostWorker(leases[i])
  if not lost then break end
  found[i] = cmsgpack.pack(lost)
end
return found
