--[[
Orders a worker to drain, under any lease.
keys: all
input: time, worker's name, request, by, reason
returns: 'done', 'unknown'
writes: when full
uses: prelude limits-part operations-part drain-part
]]
local name, request = ARGV[2], ARGV[3]
if answered(request) then return 'done' end
local found = false
local all = call('HGETALL', K.workers)
for i = 1, #all, 2 do
  if cmsgpack.unpack(all[i + 1]).name == name then
    local status = readStatus(all[i])
    if status then
      found = true
      status.drainOrder = 1
      writeStatus(all[i], status)
      noteDrainOrder(all[i], ARGV[4], ARGV[5])
      call('HDEL', K.idle, all[i])
      woken[all[i]] = true
    end
  end
end
if not found then return 'unknown' end
logOperation({ operation = 'drain worker', subject = name, by = ARGV[4], reason = ARGV[5] })
keepAnswer(request, '1')
finish()
return 'done'
