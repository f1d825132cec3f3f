--[[
Appends records to journals, as `append`, of which some store failures, and counts these in their groups.
keys: meta stays status suspects runs failures failureOrder + the journals of the records
input: time, lease, records (see entries-part)
returns: as append
writes: when full
uses: append-part append-reply-part failures-part
]]
local lease, batch = ARGV[2], ARGV[3]
local replies, at, counts = {}, 1, makeFailureCounts()
while at <= #batch do
  local _, id, journal, fence, position, pause, tail, mark, after = struct.unpack(CHECKPOINT, batch, at)
  local reply, isNew = append(lease, id, fence, position, pause, tail, KEYS[STATIC_KEYS + journal])
  replies[#replies + 1] = reply
  if isNew and mark ~= '' then
    -- Layout: HEAD of the prelude.
    local _, _, _, _, _, job = struct.unpack('>BhI4I6I6s', redis.call('HGET', K.runs, id))
    counts.count(job, id, cmsgpack.unpack(mark), 'step')
  end
  at = after
end
counts.write()
return replyToAppend(lease, replies)
