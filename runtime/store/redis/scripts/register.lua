--[[
Creates a lease; only this does. A repeat, also a late one of a lease that has ended, changes nothing.
keys: meta workers leases status knows forget beats limiters
input: time, lease, lease ms, draining 0 or 1, worker as msgpack (name, host, pid, node, concurrency, jobs, queues, queueOrder),
  beat ('' or 'role server:connection')
returns: 1 created, 0 known, or { limiter, its kind here, its kind in the worker's code }: nothing was written
writes: when full
uses: define-part
]]
local lease, leaseMs, draining = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('HEXISTS', K.workers, lease) == 1 or redis.call('ZSCORE', K.forget, 'l' .. lease) then return 0 end
local worker = cmsgpack.unpack(ARGV[5])
local other = otherKind(worker.limiters or {})
if other then return other end
-- Also after the server lost all it had: whoever asks finds a store again.
redis.call('HSETNX', K.meta, 'format', FORMAT)
worker.startedAt = now
redis.call('HSET', K.workers, lease, cmsgpack.pack(worker))
redis.call('ZADD', K.leases, now + leaseMs, lease)
redis.call('HSET', K.status, lease, struct.pack('>I6I6BBB', now, leaseMs, draining, draining, 0))
for i = 1, #worker.jobs do
  local job = worker.jobs[i]
  redis.call('ZADD', K.knows, 0, job.name .. '\0' .. lease .. '\0' .. job.version)
end
defineLimiters(worker.limiters or {})
local role, beat = string.match(ARGV[6], '(%a+) (.+)')
if role then redis.call('HSET', K.beats, lease .. ' ' .. role, beat .. string.format(':%.0f', now)) end
return 1
