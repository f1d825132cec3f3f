--[[
Extends a lease and stores its worker's reports.
keys: all
input: time, lease, draining 0 or 1, beat ('' or 'role server:connection'), why it drains ('' or msgpack: cause, signal, agoMs,
  leftMs); if there is anything to report: of open steps number ('' for none), ms since the report, steps as msgpack ({
  run, fence, path, ms open }, ...); of itself number ('' for none), ms since it was right, task's ARN ('' for none),
  msgpack
returns: 'lost', or the orders
writes: when full
uses: prelude limits-part failures-part count-failure-part coordination-part leases-part cuts-part count-cut-part drain-part report-part
]]
local lease = ARGV[2]
markSeen()
local status = readStatus(lease)
if not isHeld(status) then return 'lost' end
-- R34: a late call neither ends a drain nor names a connection that is gone.
status.seenAt, status.draining = now, math.max(status.draining, tonumber(ARGV[3]))
writeStatus(lease, status)
call('ZADD', K.leases, now + status.leaseMs, lease)
if ARGV[5] ~= '' then tellDrain(lease, cmsgpack.unpack(ARGV[5])) end
if ARGV[6] and ARGV[6] ~= '' then
  local told = call('HGET', K.openSteps, lease)
  -- OS3: a late report replaces nothing newer.
  if not told or unpack1('>I6', told) < tonumber(ARGV[6]) then
    call('HSET', K.openSteps, lease, pack('>I6I6', ARGV[6], now - ARGV[7]) .. ARGV[8])
  end
end
if ARGV[9] and ARGV[9] ~= '' then
  keepReport(lease, ARGV[9], ARGV[10], ARGV[12])
  if ARGV[11] ~= '' then keepTask(lease, ARGV[11]) end
end
local role, beat = string.match(ARGV[4], '(%a+) (.+)')
if role then
  local field = lease .. ' ' .. role
  local server, newest = string.match(call('HGET', K.beats, field) or '', '(%w+):(%d+)')
  if server ~= string.match(beat, '%w+') or tonumber(string.match(beat, '%d+$')) > tonumber(newest) then
    call('HSET', K.beats, field, beat .. string.format(':%.0f', now))
    -- An exempt worker loses nothing by a cut, so it reports none: its new connection reveals the cut.
    if role == 'main' and newest and server == string.match(beat, '%w+') and isExempt(lease) then
      countCut(workerName(lease))
    end
  end
end
-- A newer version has changed the namespace: this worker must not continue in it.
if (tonumber(call('HGET', K.meta, 'format')) or FORMAT) > FORMAT then status.drainOrder = 1 end
return ordersOf(status)
