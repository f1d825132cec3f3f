--[[
Appends records to journals, many runs in one call: the way of most steps.
keys: meta stays status suspects + one journal per record
input: time, lease, then per record: run, frame (see append-part)
returns: { drain order, 'cancelled ids' }, one answer per record: t stored, g gone, p gap, e<ms> early
writes: when full
uses: append-part append-reply-part
]]
local lease = ARGV[2]
local answers = {}
for i = 3, #ARGV, 2 do
  answers[#answers + 1] = append(lease, ARGV[i], ARGV[i + 1], KEYS[STATIC_KEYS + (i - 1) / 2])
end
return replyToAppend(lease, answers)
