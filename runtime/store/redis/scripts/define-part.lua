--[[ What a worker's code says of limiters, as a map of rules by name. ]]

--- Refuses a name that is of another kind here: { limiter, its kind here, its kind in the code }.
local function otherKind(limiters)
  for name, rule in pairs(limiters) do
    local raw = redis.call('HGET', K.limiters, name)
    local kind = raw and cmsgpack.unpack(raw).rule.kind
    if kind and kind ~= rule.kind then return { name, kind, rule.kind } end
  end
end

local function defineLimiters(limiters)
  for name, rule in pairs(limiters) do
    local raw = redis.call('HGET', K.limiters, name)
    local byHand = raw and cmsgpack.unpack(raw).byHand or nil
    redis.call('HSET', K.limiters, name, cmsgpack.pack({ rule = rule, byHand = byHand }))
  end
  redis.call('HSET', K.meta, 'linesFrom', '')
end
