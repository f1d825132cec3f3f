--[[
Takes in what a worker's code says of limiters that only its steps name.
keys: meta limiters
input: lease, msgpack of rules by name
returns: 1, or { limiter, its kind here, its kind in the worker's code }: nothing was written
writes: when full
uses: define-part
]]
local limiters = cmsgpack.unpack(ARGV[2])
local other = otherKind(limiters)
if other then return other end
defineLimiters(limiters)
return 1
