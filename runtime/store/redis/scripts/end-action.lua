--[[
Ends an action at its current progress.
keys: meta events operations actions actionProgress actionOrder
input: time, action, by, reason ('' for none)
returns: 'unknown', or { definition, progress }, as stored
writes: when full
uses: actions-part
]]
local id = ARGV[2]
local raw = call('HGET', K.actionProgress, id)
if not raw then return 'unknown' end
local progress = cmsgpack.unpack(raw)
if not progress.endedAt then
  endProgress(id, cmsgpack.unpack(call('HGET', K.actions, id)), progress, ARGV[3], ARGV[4])
  writeProgress(id, progress)
end
return actionReply(id)
