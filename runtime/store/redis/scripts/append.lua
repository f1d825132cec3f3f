--[[
Appends records to journals, of many runs in one call. Most steps are stored by this script.
keys: meta stays status suspects + the journals of the records
input: time, lease, records (see entries-part)
returns: { drain order, 'cancelled ids' }, the replies (entry-batch.ts): t stored, g gone, p gap, e early
writes: when full
uses: append-all-part
]]
return appendAll(ARGV[2], ARGV[3])
