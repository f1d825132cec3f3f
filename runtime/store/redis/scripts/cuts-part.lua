--[[
Workers that were cut off from the store and reconnected: `cuts` has per worker's name their number and the last one.
]]
-- From the third cut on, until ten minutes without one, the peer watch ignores a worker.
local EXEMPT_FROM, CUTS_REMEMBERED = --[[cuts]] 0, 0

local function cutsOf(worker)
  local raw = redis.call('HGET', K.cuts, 'w' .. worker)
  local known = raw and cmsgpack.unpack(raw)
  return known and now - known[2] < CUTS_REMEMBERED and known[1] or 0
end

--- Whether only the lease decides about the death of its worker.
local function isExempt(lease)
  local raw = redis.call('HGET', K.workers, lease)
  return raw and cutsOf(cmsgpack.unpack(raw).name) >= EXEMPT_FROM
end
