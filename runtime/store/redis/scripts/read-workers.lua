--[[
Returns the stored data of each worker.
keys: meta workers status leases held claims reports
input: time, how many workers at most
returns: now, 1 if there are more, then per worker: { msgpack, status, lease's end, runs it holds, its last claim's
  protection level (protection-level.ts), its report ('' for none) }
writes: nothing
uses: bounded-part
]]
local all, more = entriesOf(K.workers, tonumber(ARGV[2]))
local found, leases = { string.format('%.0f', now), more and 1 or 0 }, {}
for i = 1, #all, 2 do leases[#leases + 1] = all[i] end
local statuses, ends = valuesOf('HMGET', K.status, leases), valuesOf('ZMSCORE', K.leases, leases)
local claims, reports = valuesOf('HMGET', K.claims, leases), valuesOf('HMGET', K.reports, leases)
for i = 1, #leases do
  if statuses[i] then
    local held = call('ZLEXCOUNT', K.held, '[' .. leases[i], '(' .. leases[i] .. '\255')
    local level = claims[i] and cmsgpack.unpack(claims[i])[3] or 0
    found[#found + 1] = { all[i * 2], statuses[i], ends[i] or '0', held, level, reports[i] or '' }
  end
end
return found
