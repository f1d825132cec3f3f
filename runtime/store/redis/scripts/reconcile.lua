--[[
R14: makes runs ready that the store holds for a worker but the worker doesn't know; the worker drops those that only it
holds.
keys: all
input: time, lease, number of the last claim the worker knows of or '', then per held run: id, fence
returns: 'lost', or the ids to drop
writes: when full
uses: prelude limits-part failures-part count-failure-part coordination-part leases-part
]]
local lease = ARGV[2]
if not isHeld(readStatus(lease)) then return 'lost' end
-- R34: a late call doesn't know the runs of newer claims.
local claimed = call('HGET', K.claims, lease)
if claimed and cmsgpack.unpack(claimed)[1] > (tonumber(ARGV[3]) or math.huge) then return {} end
local known = {}
for i = 4, #ARGV, 2 do known[ARGV[i]] = tonumber(ARGV[i + 1]) end
local ids = heldBy(lease, 10000)
for i = 1, #ids do
  local id = ids[i]
  local fence = runs[id] and readStay(runs[id])
  if fence and known[id] == fence then
    known[id] = nil
  elseif runs[id] then
    note(runs[id], { kind = 'repaired', reason = 'its worker did not know that it holds it' })
    leaveSlot(runs[id], 'release')
  end
end
finish()
local drop = {}
for i = 4, #ARGV, 2 do
  local id = ARGV[i]
  if known[id] then
    -- It may be held even so: only a bounded number was read above.
    local raw = call('HGET', K.stays, id)
    local held = raw and unpack1('>I6', raw) == known[id] and sub(raw, 16) == lease
    if not held then drop[#drop + 1] = id end
  end
end
return drop
