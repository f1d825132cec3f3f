--[[ How scripts end that only append. ]]

--- Wakes the worker for a poison suspect that it may take now, and reads its orders.
local function replyToAppend(lease, replies)
  if cleared and redis.call('ZCARD', K.suspects) > 0 then
    redis.pcall('PUBLISH', string.sub(K.meta, 1, -5) .. 'wake:' .. lease, '')
  end
  local status = redis.call('HGET', K.status, lease)
  local orders = status and { string.byte(status, 14), string.sub(status, 16) } or { 0, '' }
  return { orders, table.concat(replies) }
end
