--[[
Appends records to journals, as `append`, of which some store failures, and counts these in their groups.
keys: meta stays status suspects runs failures failureOrder + one journal per record
input: time, lease, then per record: run, frame (see append-part), mark as msgpack (see failures-part) or ''
returns: as append
writes: when full
uses: append-part append-reply-part failures-part
]]
local lease = ARGV[2]
local answers, counts = {}, makeFailureCounts()
for i = 3, #ARGV, 3 do
  local answer, isNew = append(lease, ARGV[i], ARGV[i + 1], KEYS[STATIC_KEYS + i / 3])
  answers[#answers + 1] = answer
  if isNew and ARGV[i + 2] ~= '' then
    -- Layout: HEAD of the prelude.
    local _, _, _, _, _, job = struct.unpack('>BhI4I6I6s', redis.call('HGET', K.runs, ARGV[i]))
    counts.count(job, ARGV[i], cmsgpack.unpack(ARGV[i + 2]), 'step')
  end
end
counts.write()
return replyToAppend(lease, answers)
