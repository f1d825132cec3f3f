--[[
Creates a lease; no other script does. A repeat, even a late one of a lease that has ended, changes nothing.
keys: all
input: time, lease, lease ms, draining 0 or 1, worker as msgpack (name, host, pid, node, concurrency, jobs, queues,
  queueOrder, task's ARN),
  beat ('' or 'role server:connection'), of its report: number ('' for none), ms since it was right, msgpack; then per definition: kind, name, digest, definition ('' for none)
returns: 1 created, 0 known, or { limiter, its kind here, its kind in the worker's code }: then it has written nothing
writes: when full
uses: prelude limits-part operations-part joined-part definitions-part declare-limiters-part coordination-part schedules-part report-part
]]
local lease, leaseMs, draining = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if call('HEXISTS', K.workers, lease) == 1 or call('ZSCORE', K.forget, 'l' .. lease) then return 0 end
local worker = cmsgpack.unpack(ARGV[5])
local other = otherKind(worker.limiters or {})
if other then return other end
-- Also after the server lost all its data: the next worker to register recreates the store.
call('HSETNX', K.meta, 'format', FORMAT)
worker.startedAt = now
call('HSET', K.workers, lease, cmsgpack.pack(worker))
call('ZADD', K.leases, now + leaseMs, lease)
call('HSET', K.status, lease, pack('>I6I6BBB', now, leaseMs, draining, draining, 0))
if ARGV[7] ~= '' then keepReport(lease, ARGV[7], ARGV[8], ARGV[9]) end
for i = 1, #worker.jobs do
  local job = worker.jobs[i]
  call('ZADD', K.knows, 0, job.name .. '\0' .. lease .. '\0' .. job.version)
end
logOperation({ operation = 'worker joined', subject = worker.name, details = versionsOf(worker) })
declareLimiters(lease, worker.name, worker.limiters or {})
lookAtAllLines()
local role, beat = string.match(ARGV[6], '(%a+) (.+)')
if role then call('HSET', K.beats, lease .. ' ' .. role, beat .. string.format(':%.0f', now)) end
for i = 10, #ARGV, 4 do
  local inForce = declareDefinition(lease, worker.name, ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
  if ARGV[i] == 'schedule' then applySchedule(ARGV[i + 1], inForce) end
end
finish()
if #ARGV >= 10 then tellSchedules() end
return 1
