--[[
Stores an action on many runs, unless it is known.
keys: meta events operations actions actionProgress actionOrder
input: time, action, kind, by, why ('' for no reason), the reason for histories, how many runs it is for ('' if
  unknown), JSON of the request, ms that a run must have been in its state
returns: { definition, progress }, as stored
writes: when full
uses: actions-part
]]
local id, kind, by, why = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if call('HEXISTS', K.actions, id) == 0 then
  local begun = { kind = kind, by = by, why = why, reason = ARGV[6], json = ARGV[8], at = now, minAge = tonumber(ARGV[9]) }
  call('HSET', K.actions, id, cmsgpack.pack(begun))
  writeProgress(id, { cursor = '', done = 0, refused = 0, refusals = {} })
  logOperation({
    operation = 'begin action', subject = id, by = by, reason = why, count = tonumber(ARGV[7]), details = { kind = kind },
  })
end
return actionReply(id)
