--[[
Returns actions on many runs: one by its id, or those with the latest chunk.
keys: actions actionProgress actionOrder
input: action or '', how many, about how many bytes
returns: flat list of action, definition, progress
writes: nothing
]]
local ids = { ARGV[1] }
if ARGV[1] == '' then ids = redis.call('ZRANGE', K.actionOrder, 0, tonumber(ARGV[2]) - 1, 'REV') end
local found, bytes = {}, 0
for i = 1, #ids do
  local begun, progress = redis.call('HGET', K.actions, ids[i]), redis.call('HGET', K.actionProgress, ids[i])
  if begun and progress then
    bytes = bytes + #begun + #progress
    if #found > 0 and bytes > tonumber(ARGV[3]) then break end
    for _, part in ipairs({ ids[i], begun, progress }) do found[#found + 1] = part end
  end
end
return found
