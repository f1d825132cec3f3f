--[[
Returns workers of ECS tasks that were lost within the last hour, the newest first.
keys: meta lost lostOrder
input: time
returns: msgpack of each: { name, task, at, by, runs, death }
writes: nothing
uses: lost-workers-part
]]
local found = {}
local leases = call('ZRANGE', K.lostOrder, -MAX_TOLD, -1)
for i = #leases, 1, -1 do
  local lost = lostWorker(leases[i])
  if not lost then break end
  found[#found + 1] = cmsgpack.pack(lost)
end
return found
