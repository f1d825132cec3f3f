--[[
Ends an action where it stands.
keys: meta actions actionProgress actionOrder
input: time, action
returns: 'unknown', or { what it is to do, where it stands }, as stored
writes: when full
uses: actions-part
]]
local id = ARGV[2]
local raw = call('HGET', K.actionProgress, id)
if not raw then return 'unknown' end
local progress = cmsgpack.unpack(raw)
if not progress.endedAt then
  progress.endedAt, progress.cursor = now, nil
  writeProgress(id, progress)
end
return actionReply(id)
