--[[
Appends records to journals, like `append`, and counts the failures among them in their groups.
keys: meta stays status suspects runs failures failureOrder + the journals of the records
input: time, lease, records (see entries-part)
returns: as append
writes: when full
uses: append-all-part failures-part
]]
local counts = makeFailureCounts()
local reply = appendAll(ARGV[2], ARGV[3], function(id, mark)
  -- Layout: HEAD of the prelude.
  local _, _, _, _, _, job = struct.unpack('>BhI4I6I6s', redis.call('HGET', K.runs, id))
  counts.count(job, id, cmsgpack.unpack(mark), 'step')
end)
counts.write()
return reply
