--[[
Closes the keys of a step's limits for all runs after a provider said "too many", and ends this use of them.
keys: all
input: time, lease, run, fence, path, turn, ms
returns: 'gone', 'another', 'done'
writes: when full
uses: prelude limits-part step-use-part
]]
local lease, id, fence, path, turn = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local other, run, admission = currentUse(lease, id, fence, path, turn)
if other then return other end
local limiting = limits()
for i = 1, #admission.t do
  local take = admission.t[i]
  local rule = limiting.ruleOf(take[T_NAME])
  if rule then limiting.close(rule, limiting.fieldOf(take), tonumber(ARGV[7])) end
end
limiting.endUse(run, path, admission)
finish()
return 'done'
