--[[
What is known of each worker.
keys: meta workers status leases held
input: time
returns: now, then per worker: { msgpack, status, lease's end, runs it holds }
writes: nothing
]]
local found = { string.format('%.0f', now) }
local all = redis.call('HGETALL', K.workers)
for i = 1, #all, 2 do
  local lease = all[i]
  local status = redis.call('HGET', K.status, lease)
  if status then
    local held = redis.call('ZLEXCOUNT', K.held, '[' .. lease, '(' .. lease .. '\255')
    found[#found + 1] = { all[i + 1], status, redis.call('ZSCORE', K.leases, lease) or '0', held }
  end
end
return found
