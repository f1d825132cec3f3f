--[[
Appends records to journals, many runs in one call: the way of most steps.
keys: meta stays status suspects + one journal per record
input: time, lease, then per record: run, frame (see append-part)
returns: { drain order, 'cancelled ids' }, one answer per record: t stored, g gone, p gap, e<ms> early
writes: when full
uses: append-part
]]
local lease = ARGV[2]
local answers = {}
for i = 3, #ARGV, 2 do
  answers[#answers + 1] = append(lease, ARGV[i], ARGV[i + 1], KEYS[STATIC_KEYS + (i - 1) / 2])
end
if cleared and redis.call('ZCARD', K.suspects) > 0 then
  redis.pcall('PUBLISH', string.sub(K.meta, 1, -5) .. 'wake:' .. lease, '')
end
local status = redis.call('HGET', K.status, lease)
local orders = status and { string.byte(status, 14), string.sub(status, 16) } or { 0, '' }
return { orders, answers }
