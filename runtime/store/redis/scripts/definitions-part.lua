--[[
Definitions that come with registrations; rules D1 to D4 are in store/definitions.ts. A definition is a map:
{ inForce = digest, seen = { { digest, definition, worker, first seen at, last seen at, leases }, ... } }.
Workers that leave are only counted; `settleDefinitions` checks all definitions of a kind when that count has changed.
]]
local DIGEST, DEFINITION, SEEN_BY, FIRST_SEEN, LAST_SEEN, LEASES = 1, 2, 3, 4, 5, 6
local KEEP_DEFINITION = --[[definitions]] 0

local liveLeases = {}

local function isLiveLease(lease)
  if liveLeases[lease] == nil then liveLeases[lease] = call('HEXISTS', K.workers, lease) == 1 end
  return liveLeases[lease]
end

local function definitionOf(kind, name)
  local raw = call('HGET', K.definitions, kind .. '\0' .. name)
  return raw and cmsgpack.unpack(raw) or { seen = {} }
end

--- Forgets leases that ended and digests that are too old; returns the declaration in force, if any.
local function settleDefinition(definition)
  local newest, last, kept = nil, nil, {}
  for i = 1, #definition.seen do
    local one, leases = definition.seen[i], {}
    for l = 1, #one[LEASES] do
      if isLiveLease(one[LEASES][l]) then leases[#leases + 1] = one[LEASES][l] end
    end
    if #leases == 0 and #one[LEASES] > 0 then one[LAST_SEEN] = now end
    one[LEASES] = leases
    if #leases > 0 and (not newest or one[FIRST_SEEN] >= newest[FIRST_SEEN]) then newest = one end
    if one[DIGEST] == definition.inForce then last = one end
  end
  newest = newest or last
  definition.inForce = newest and newest[DIGEST]
  for i = 1, #definition.seen do
    local one = definition.seen[i]
    if one == newest or #one[LEASES] > 0 or now - one[LAST_SEEN] < KEEP_DEFINITION then kept[#kept + 1] = one end
  end
  definition.seen = kept
  return newest
end

local function keepDefinition(kind, name, definition)
  hset(K.definitions, kind .. '\0' .. name, cmsgpack.pack(definition))
end

--- Records the declaration of a registration; `lease` is in `workers` already. Returns the declaration in force now.
local function declareDefinition(lease, worker, kind, name, digest, bytes)
  local definition = definitionOf(kind, name)
  settleDefinition(definition)
  local known
  for i = 1, #definition.seen do
    if definition.seen[i][DIGEST] == digest then known = definition.seen[i] end
  end
  if not known then
    known = { digest, bytes, worker, now, now, {} }
    definition.seen[#definition.seen + 1] = known
  end
  known[LAST_SEEN] = now
  local declares = false
  for i = 1, #known[LEASES] do declares = declares or known[LEASES][i] == lease end
  if not declares then known[LEASES][#known[LEASES] + 1] = lease end
  local inForce = settleDefinition(definition)
  keepDefinition(kind, name, definition)
  return inForce
end

--- After workers left: calls `apply(name, declaration in force)` for each name whose definition changed by that.
local function settleDefinitions(kind, apply)
  local left = call('HGET', K.meta, 'left') or '0'
  if left == call('HGET', K.meta, 'settled ' .. kind) then return end
  local all = call('HGETALL', K.definitions)
  for i = 1, #all, 2 do
    local of, name = string.match(all[i], '^(%a+)%z(.*)$')
    if of == kind then
      local definition = cmsgpack.unpack(all[i + 1])
      local before = definition.inForce
      local inForce = settleDefinition(definition)
      keepDefinition(kind, name, definition)
      if inForce and inForce[DIGEST] ~= before then apply(name, inForce) end
    end
  end
  hset(K.meta, 'settled ' .. kind, left)
end
