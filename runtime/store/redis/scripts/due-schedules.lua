--[[
Returns the schedules that the leader has to plan or fire now. First applies the declarations of live workers.
keys: all
input: time, limit
returns: { wall, ms to the next tick or -1, then per schedule: { name, record, spec, queued tick or '' } }
writes: when full
uses: prelude definitions-part schedules-part
]]
settleDefinitions('schedule', applySchedule)
flush()

local limit = tonumber(ARGV[2])
local found, queued, order = {}, {}, {}

local function add(name, tick)
  if not found[name] then
    found[name] = true
    order[#order + 1] = name
  end
  queued[name] = queued[name] or tick
end

local due = call('ZRANGEBYSCORE', K.schedulesDue, '-inf', wall, 'LIMIT', 0, limit)
for i = 1, #due do
  local name = sub(due[i], 2)
  if sub(due[i], 1, 1) == 't' then
    add(name)
  else
    local s = scheduleOf(name)
    if not s or #s.queued == 0 then
      zrem(K.schedulesDue, due[i])
    elseif s.paused or liveRun(s) then
      -- Others get their turn before it is checked again.
      zadd(K.schedulesDue, due[i], wall + QUEUED_LOOK)
    else
      add(name, text(s.queued[1]))
    end
  end
end
flush()

local after = call('ZRANGEBYSCORE', K.schedulesDue, '(' .. text(wall), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
local answer = { text(wall), after[2] and text(tonumber(after[2]) - wall) or '-1' }
for i = 1, #order do
  local name = order[i]
  local record, spec = call('HGET', K.schedules, name), call('HGET', K.scheduleSpecs, name)
  if record and spec then answer[#answer + 1] = { name, record, spec, queued[name] or '' } end
end
return answer
