--[[
Workers that were cut off from the store and came back: `cuts` has per worker's name its cuts and the last one.
]]
-- From the third cut on, until ten minutes without one, the look at peers says nothing of a worker.
local EXEMPT_FROM, CUTS_REMEMBERED = --[[cuts]] 0, 0

local function cutsOf(worker)
  local raw = redis.call('HGET', K.cuts, 'w' .. worker)
  local known = raw and cmsgpack.unpack(raw)
  return known and now - known[2] < CUTS_REMEMBERED and known[1] or 0
end

--- Whether the deaths of a lease's worker are left to its lease.
local function isExempt(lease)
  local raw = redis.call('HGET', K.workers, lease)
  return raw and cutsOf(cmsgpack.unpack(raw).name) >= EXEMPT_FROM
end
