--[[
Returns all schedules.
keys: meta schedules scheduleSpecs
input: time
returns: { wall, then per schedule: { name, record, spec } }
writes: nothing
]]
local answer = { string.format('%.0f', wall) }
local all = redis.call('HGETALL', K.schedules)
for i = 1, #all, 2 do
  local spec = redis.call('HGET', K.scheduleSpecs, all[i])
  if spec then answer[#answer + 1] = { all[i], all[i + 1], spec } end
end
return answer
