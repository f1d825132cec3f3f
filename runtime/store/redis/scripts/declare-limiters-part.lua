--[[ Limiters as workers' code declares them, a map of rules by name. definitions-part decides which are in force. ]]

--- Refuses a name that has another kind here: { limiter, its kind here, its kind in the code }.
local function otherKind(limiters)
  for name, rule in pairs(limiters) do
    local raw = call('HGET', K.limiters, name)
    local kind = raw and cmsgpack.unpack(raw).rule.kind
    if kind and kind ~= rule.kind then return { name, kind, rule.kind } end
  end
end

local function digestOf(rule) return string.format('%s %.0f %.0f %.0f', rule.kind, rule.max, rule.everyMs, rule.refill) end

local function applyLimiter(name, inForce)
  local raw = call('HGET', K.limiters, name)
  local stored = raw and cmsgpack.unpack(raw) or {}
  stored.rule = cmsgpack.unpack(inForce[DEFINITION])
  call('HSET', K.limiters, name, cmsgpack.pack(stored))
  if madeLimits then madeLimits.forgetRule(name) end
  lookAtAllLines()
end

local function declareLimiters(lease, worker, limiters)
  for name, rule in pairs(limiters) do
    applyLimiter(name, declareDefinition(lease, worker, 'limiter', name, digestOf(rule), cmsgpack.pack(rule)))
  end
end
