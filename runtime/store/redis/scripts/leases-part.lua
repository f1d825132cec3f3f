--[[
Leases: whether one is held, and the outage grace (amnesty).
]]
local SKIPPED_FROM = --[[clock]] 0

--[[
Records that the store is reachable, and grants the outage grace (R16): after a gap in which no worker could renew, each
lease gets its full duration once more.
]]
local function markSeen()
  local seenAt
  seenAt, linesFrom = unpack(call('HMGET', K.meta, 'seenAt', 'linesFrom'))
  seenAt = tonumber(seenAt) or 0
  local gap = now - seenAt
  if gap >= 0 and gap < 200 then return end
  -- The clock went back: timers set before that are meaningless.
  if gap < 0 then lookAtAllLines() end
  call('HSET', K.meta, 'seenAt', string.format('%.0f', now))
  -- Records the last gap: record-jump uses it to distinguish a skipped time from one in which scripts ran.
  if gap > SKIPPED_FROM then call('HSET', K.meta, 'gapFrom', seenAt, 'gapTo', string.format('%.0f', now)) end
  local all = call('HGETALL', K.status)
  for i = 1, #all, 2 do
    local lease = all[i]
    local workerSeenAt, leaseMs, _, _, ended = unpack1(STATUS, all[i + 1])
    -- Only workers that had renewed in time before the gap get more: among short and long leases, gaps are ordinary.
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
