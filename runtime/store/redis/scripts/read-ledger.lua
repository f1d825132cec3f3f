--[[
Returns lines of a schedule's ledger, newest first.
keys: schedules ledger
input: schedule, before ('' for the newest), limit
returns: lines
writes: nothing
]]
local raw = redis.call('HGET', K.schedules, ARGV[1])
if not raw then return {} end
local last = cmsgpack.unpack(raw).lines
if ARGV[2] ~= '' then last = math.min(last, tonumber(ARGV[2]) - 1) end
local lines = {}
for n = last, math.max(1, last - tonumber(ARGV[3]) + 1), -1 do
  lines[#lines + 1] = redis.call('HGET', K.ledger, ARGV[1] .. '\0' .. string.format('%.0f', n)) or nil
end
return lines
