--[[
Returns a run's positions on the waitlists of limiters.
keys: all
input: time, run, how many holders to name
returns: per position: { path, limiter, msgpack of the limiter or '', as read-limiter-keys, how many are ahead of it,
  ids of holders ... }
writes: nothing
uses: prelude limits-part
]]
local run, most = load(ARGV[2]), tonumber(ARGV[3])
if not run or not hasLimits(run) then return {} end
onlyReads = true
local limiting = limits()
local found = {}
for path, admission in pairs(limiting.admissionsOf(run)) do
  local take = admission.n and admission.t[admission.n]
  if take then
    local field = limiting.fieldOf(take)
    local prefix = field .. '\0'
    local order = limiting.orderOf(run, path)
    local line = { path, take[T_NAME], call('HGET', K.limiters, take[T_NAME]) or '', limiting.keyInfo(field),
      call('ZLEXCOUNT', K.limitLines, '[' .. prefix, '(' .. prefix .. order) }
    local members = call('ZRANGEBYLEX', K.limitHolders, '[' .. prefix, '(' .. prefix .. '\255', 'LIMIT', 0, most)
    for i = 1, #members do line[#line + 1] = string.match(sub(members[i], #prefix + 1), '^[^%z]*') end
    found[#found + 1] = line
  end
end
return found
