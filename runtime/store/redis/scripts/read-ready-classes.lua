--[[
Returns the classes that have ready runs.
keys: ready suspects classes
input: how many at most
returns: flat list of queue, job, version
writes: nothing
]]
local found, most = {}, tonumber(ARGV[1]) * 3

local function hasRuns(code)
  local from, to = '[' .. code, '(' .. code .. '\255'
  return redis.call('ZRANGEBYLEX', K.ready, from, to, 'LIMIT', 0, 1)[1]
    or redis.call('ZRANGEBYLEX', K.suspects, from, to, 'LIMIT', 0, 1)[1]
end

local classes = redis.call('HGETALL', K.classes)
for i = 1, #classes, 2 do
  local known = cmsgpack.unpack(classes[i + 1])
  for c = 1, #known, 3 do
    if #found < most and hasRuns(struct.pack('>I4', known[c])) then
      local n = #found
      found[n + 1], found[n + 2], found[n + 3] = known[c + 1], classes[i], known[c + 2]
    end
  end
end
return found
