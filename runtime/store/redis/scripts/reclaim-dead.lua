--[[
Reclaims the runs of workers whose process is gone, unless a worker has shown a new beat since.
keys: all
input: time, then per worker: lease, the beats that were inspected, with a comma between
returns: how many were lost
writes: when full
uses: prelude limits-part failures-part count-failure-part coordination-part leases-part lease-ends-part
]]
local lost = 0
for i = 2, #ARGV, 2 do
  local found = {}
  for _, role in ipairs({ 'main', 'lease' }) do
    found[#found + 1] = call('HGET', K.beats, ARGV[i] .. ' ' .. role) or nil
  end
  if table.concat(found, ',') == ARGV[i + 1] then
    reclaim(ARGV[i], 'exit')
    lost = lost + 1
  end
end
finish()
return lost
