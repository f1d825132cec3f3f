--[[
The reason why a worker drains (worker-drain.ts): `drain` of its record, { order = { by, reason, at }, told = { cause,
signal, at, until } }.
Earlier versions don't know `drain` and leave it unchanged.
]]

local function changeDrain(lease, change)
  local raw = call('HGET', K.workers, lease)
  if not raw then return end
  local worker = cmsgpack.unpack(raw)
  worker.drain = worker.drain or {}
  change(worker.drain)
  call('HSET', K.workers, lease, cmsgpack.pack(worker))
end

--- WD2: the first report stays in force.
local function tellDrain(lease, status)
  changeDrain(lease, function(drain)
    local at, ends = now - status.agoMs, now + status.leftMs
    local told = drain.told
    if told then
      told.at, told['until'] = math.min(told.at, at), math.min(told['until'], ends)
    else
      drain.told = { cause = status.cause, signal = status.signal, at = at, ['until'] = ends }
    end
  end)
end

--- The worker acts on the first order.
local function noteDrainOrder(lease, by, reason)
  changeDrain(lease, function(drain)
    drain.order = drain.order or { by = by, reason = reason ~= '' and reason or nil, at = now }
  end)
end
