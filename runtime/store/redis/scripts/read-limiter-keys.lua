--[[
Returns the keys of a limiter that have state or waiters.
keys: all
input: time, limiter, how many to inspect at most
returns: msgpack of the limiter, then per key: { key, used as text, waiting, ms until the waitlist's head may go or -1,
  ms closed, run at the head or '', since when that waits or '' };
  or nothing when there is no such limiter
writes: nothing
uses: prelude limits-part
]]
local name, most = ARGV[2], tonumber(ARGV[3])
local raw = call('HGET', K.limiters, name)
if not raw then return {} end
onlyReads = true
local limiting = limits()
local found, cursor, looked = { raw }, '0', 0
repeat
  local page = call('HSCAN', K.limitKeys, cursor, 'COUNT', 1000)
  cursor = page[1]
  for i = 1, #page[2], 2 do
    if string.match(page[2][i], '^[^%z]*') == name then found[#found + 1] = limiting.keyInfo(page[2][i]) end
    looked = looked + 1
  end
until cursor == '0' or looked >= most
return found
