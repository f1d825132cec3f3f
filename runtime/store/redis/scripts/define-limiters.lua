--[[
Declares the limiters of a worker's code that only its steps name.
keys: all
input: time, lease, msgpack of rules by name
returns: 1, 0 from a lease that is over, or { limiter, its kind here, its kind in the worker's code }: nothing was written
writes: when full
uses: prelude limits-part definitions-part declare-limiters-part
]]
local lease, limiters = ARGV[2], cmsgpack.unpack(ARGV[3])
local worker = workerName(lease)
if not worker then return 0 end
local other = otherKind(limiters)
if other then return other end
declareLimiters(lease, worker, limiters)
finish()
return 1
