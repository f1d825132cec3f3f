--[[
Sets a limiter's numbers manually, or withdraws them; wakes the runs that this lets pass.
keys: all
input: time, limiter, request, the limiter as it was read, msgpack { numbers, by, reason } or '' to withdraw, by, reason,
  1 when that limiter is not as the caller saw it
returns: msgpack of the rule in force, 'changed': the limiter is another one by now, read it again, or 'moved'
writes: when full
uses: prelude limits-part operations-part
]]
local name, request, known, byHand = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local before = answered(request)
if before then return before end
if call('HGET', K.limiters, name) ~= known then return 'changed' end
if ARGV[8] == '1' then return 'moved' end
local stored = cmsgpack.unpack(known)
local wasSet = stored.byHand
stored.byHand = byHand ~= '' and cmsgpack.unpack(byHand) or nil
if stored.byHand then stored.byHand.at = now end
hset(K.limiters, name, cmsgpack.pack(stored))
lookAtAllLines()
local rule = stored.rule
for number, value in pairs(stored.byHand and stored.byHand.numbers or {}) do rule[number] = value end
local answer = cmsgpack.pack(rule)
if stored.byHand or wasSet then
  local operation = stored.byHand and 'change limiter' or 'reset limiter'
  logOperation({ operation = operation, subject = name, by = ARGV[6], reason = ARGV[7], details = rule })
end
keepAnswer(request, answer)
finish(true)
return answer
