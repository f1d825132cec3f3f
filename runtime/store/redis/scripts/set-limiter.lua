--[[
Sets a limiter's numbers by hand, or takes them back; its lines are looked at by the next claims.
keys: all
input: time, limiter, request, msgpack { numbers, by, reason } or '' to take back
returns: 1, or 'unknown'
writes: when full
uses: prelude limits-part
]]
local name, request, byHand = ARGV[2], ARGV[3], ARGV[4]
if answered(request) then return 1 end
local raw = call('HGET', K.limiters, name)
if not raw then return 'unknown' end
local stored = cmsgpack.unpack(raw)
stored.byHand = byHand ~= '' and cmsgpack.unpack(byHand) or nil
if stored.byHand then stored.byHand.at = now end
hset(K.limiters, name, cmsgpack.pack(stored))
lookAtAllLines()
local idle = call('HKEYS', K.idle)
for i = 1, #idle do woken[idle[i]] = true end
keepAnswer(request, '1')
finish(nil, true)
return 1
