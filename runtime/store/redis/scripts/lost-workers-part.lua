--[[
Lost workers of ECS tasks, retained for an hour (store/lost-workers.ts). `lost` has per lease `w` and the lease: { name,
task, at, by, runs, death }, and `r` and the lease: { run, losses, streak } of the first runs that it held. `lostOrder`
has the leases by when they were lost.
]]
local KEEP_LOST, MAX_LOST_RUNS, MAX_LOST_WORKERS, MAX_TOLD = --[[lost]] 0, 0, 0, 0
local SILENT_SHARE, SILENT_FROM_LEASE = --[[silent]] 0, 0

--- Returns the record of a lost worker, unless its time is over.
local function lostWorker(lease)
  local raw = call('HGET', K.lost, 'w' .. lease)
  local lost = raw and cmsgpack.unpack(raw)
  return lost and lost.at > now - KEEP_LOST and lost
end

--- Forgets workers whose time is over, and the oldest beyond the bound; a bounded number at a time.
local function forgetLostWorkers()
  local AT_ONCE = 50

  local function forget(leases)
    for i = 1, #leases do
      call('HDEL', K.lost, 'w' .. leases[i], 'r' .. leases[i])
      call('ZREM', K.lostOrder, leases[i])
    end
  end

  forget(call('ZRANGEBYSCORE', K.lostOrder, '-inf', now - KEEP_LOST, 'LIMIT', 0, AT_ONCE))
  local over = call('ZCARD', K.lostOrder) - MAX_LOST_WORKERS
  if over > 0 then forget(call('ZRANGE', K.lostOrder, 0, math.min(over, AT_ONCE) - 1)) end
end

--- `losses`: { run, losses, streak } of each run that the worker held. Beyond a bound, runs are only counted.
local function keepLostWorker(lease, worker, cause, losses)
  local raw = call('HGET', K.lost, 'w' .. lease)
  local lost = raw and cmsgpack.unpack(raw)
  if not lost then
    lost = { name = worker.name, task = worker.task, at = now, by = cause, runs = 0 }
    local kept = {}
    for i = 1, math.min(#losses, MAX_LOST_RUNS) do kept[i] = losses[i] end
    call('HSET', K.lost, 'r' .. lease, cmsgpack.pack(kept))
    call('ZADD', K.lostOrder, now, lease)
  end
  lost.runs = lost.runs + #losses
  call('HSET', K.lost, 'w' .. lease, cmsgpack.pack(lost))
  if not raw then forgetLostWorkers() end
end
