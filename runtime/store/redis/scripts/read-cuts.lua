--[[
Returns live workers that were cut off repeatedly.
keys: meta workers cuts
input: time
returns: per worker: name, how often, ms since the last time
writes: nothing
uses: cuts-part
]]
local found = {}
local all = redis.call('HGETALL', K.workers)
for i = 2, #all, 2 do
  local name = cmsgpack.unpack(all[i]).name
  local cuts = cutsOf(name)
  if cuts >= EXEMPT_FROM then
    local last = cmsgpack.unpack(redis.call('HGET', K.cuts, 'w' .. name))[2]
    for _, value in ipairs({ name, cuts, now - last }) do found[#found + 1] = value end
  end
end
return found
