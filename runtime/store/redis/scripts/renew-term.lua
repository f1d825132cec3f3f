--[[
Extends a term and stores the state of its duties.
keys: meta terms
input: time, role, term, lease, then per duty: name, ms since its last good round
returns: 1 held, 0 lost
writes: when full
uses: term-part
]]
local held = leads(ARGV[2], tonumber(ARGV[3]))
if not held or held.lease ~= ARGV[4] then return 0 end
held.endsAt, held.duties = now + held.termMs, {}
for i = 5, #ARGV, 2 do
  held.duties[i - 4], held.duties[i - 3] = ARGV[i], now - tonumber(ARGV[i + 1])
end
writeTerm(ARGV[2], held)
return 1
