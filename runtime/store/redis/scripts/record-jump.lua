--[[
Records that the server's clock jumped: the store's time continues from the time that the caller expects.
keys: all
input: time, the store's time as the caller knows it, number of jumps that it knows of
returns: as read-clock
writes: when full
uses: prelude definitions-part schedules-part
]]
local KEPT_JUMPS, NOTICED = 20, --[[clock]] 0
local known, moves = tonumber(ARGV[2]), tonumber(call('HGET', K.meta, 'clockMoves')) or 0

--- Whether scripts ran during the time that such a jump would have skipped: then the caller itself lost that time
--- (SC4).
local function isRefuted(moved)
  local seenAt, gapFrom, gapTo = unpack(call('HMGET', K.meta, 'seenAt', 'gapFrom', 'gapTo'))
  seenAt, gapFrom, gapTo = tonumber(seenAt), tonumber(gapFrom), tonumber(gapTo)
  -- Nothing ran in that gap: the script after it came from a client that didn't know of the jump.
  if gapFrom and gapTo > known and gapTo - gapFrom >= moved - NOTICED then return false end
  return moved > 0 and seenAt and now - seenAt < moved - NOTICED
end

local moved = now - known
if moves == tonumber(ARGV[3]) and not isRefuted(moved) then
  moves, now = moves + 1, known
  local raw = call('HGET', K.meta, 'clockJumps')
  local jumps = raw and cmsgpack.unpack(raw) or {}
  jumps[#jumps + 1] = { wall, moved }
  while #jumps > KEPT_JUMPS do table.remove(jumps, 1) end
  call('HSET', K.meta, 'clockOffset', text(now - wall), 'clockMoves', moves, 'clockJumps', cmsgpack.pack(jumps))
  if moved < 0 then planAgain() end
  finish(true)
end
return { text(now), text(wall), tostring(moves) }
