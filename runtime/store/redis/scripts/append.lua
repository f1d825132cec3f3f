--[[
Appends records to journals, many runs in one call: the way of most steps.
keys: meta stays status suspects + the journals of the records
input: time, lease, records (see entries-part)
returns: { drain order, 'cancelled ids' }, the replies (entry-batch.ts): t stored, g gone, p gap, e early
writes: when full
uses: append-part append-reply-part
]]
local lease, batch = ARGV[2], ARGV[3]
local replies, at = {}, 1
while at <= #batch do
  local _, id, journal, fence, position, pause, tail, _, after = struct.unpack(CHECKPOINT, batch, at)
  replies[#replies + 1] = append(lease, id, fence, position, pause, tail, KEYS[STATIC_KEYS + journal])
  at = after
end
return replyToAppend(lease, replies)
