--[[
Leases: whether one is held, and the amnesty after a gap.
]]
local SKIPPED_FROM = --[[clock]] 0

--[[
Notes that the store was reached, and grants the amnesty (R16): after a gap in which nobody could have renewed, no
lease ends before it had one more lease's time.
]]
local function markSeen()
  local seenAt
  seenAt, linesFrom = unpack(call('HMGET', K.meta, 'seenAt', 'linesFrom'))
  seenAt = tonumber(seenAt) or 0
  local gap = now - seenAt
  if gap >= 0 and gap < 200 then return end
  -- The clock went back: timers of before it say nothing.
  if gap < 0 then lookAtAllLines() end
  call('HSET', K.meta, 'seenAt', string.format('%.0f', now))
  -- The last gap: record-jump tells by it a time that was skipped from one in which scripts ran.
  if gap > SKIPPED_FROM then call('HSET', K.meta, 'gapFrom', seenAt, 'gapTo', string.format('%.0f', now)) end
  local all = call('HGETALL', K.status)
  for i = 1, #all, 2 do
    local lease = all[i]
    local workerSeenAt, leaseMs, _, _, ended = unpack1(STATUS, all[i + 1])
    -- Only who had renewed in time before the gap gets more: among short and long leases gaps are ordinary.
    local inTime = leaseMs * AMNESTY_SHARE < gap and workerSeenAt >= seenAt - leaseMs
    if ended == 0 and gap < 0 then
      call('ZADD', K.leases, now + leaseMs, lease)
    elseif ended == 0 and inTime then
      local until_ = tonumber(call('ZSCORE', K.leases, lease)) or 0
      call('ZADD', K.leases, math.max(until_, now + leaseMs), lease)
    end
  end
end

local function isHeld(status) return status and status.ended == 0 end
