--[[
Appends records and settles runs, each entry fenced and answered by itself.
keys: all + the journals the entries need
input: time, lease, then per entry: 'a', number of its journal, run, frame; or 's', run, settlement, bytes
returns: { drain order, 'cancelled ids' }, one answer per entry: as append, or s<state> settled, c continue
writes: when full
uses: prelude append-part settle-part
]]
local lease = ARGV[2]
local answers, unwritten = {}, {}
for i = 3, #ARGV, 4 do
  local answer
  if ARGV[i] == 'a' then
    -- What its settlement before did must be seen.
    if unwritten[ARGV[i + 2]] then
      flush()
      unwritten = {}
    end
    answer = append(lease, ARGV[i + 2], ARGV[i + 3], KEYS[STATIC_KEYS + tonumber(ARGV[i + 1])])
  else
    answer = settle(lease, ARGV[i + 2], ARGV[i + 3])
    unwritten[ARGV[i + 1]] = true
  end
  answers[#answers + 1] = answer
end
finish()
return { ordersOf(readStatus(lease)), answers }
