--[[
Stores an action on many runs, unless it is known.
keys: meta actions actionProgress actionOrder
input: time, action, kind, by, the reason for histories, JSON of what was asked for
returns: { what it is to do, where it stands }, as stored
writes: when full
uses: actions-part
]]
local id = ARGV[2]
if call('HEXISTS', K.actions, id) == 0 then
  local begun = { kind = ARGV[3], by = ARGV[4], reason = ARGV[5], json = ARGV[6], at = now }
  call('HSET', K.actions, id, cmsgpack.pack(begun))
  writeProgress(id, { cursor = '', done = 0, refused = 0, refusals = {} })
end
return actionReply(id)
