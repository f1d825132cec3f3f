--[[
Replaces the charge for a step's use of a limiter with the true cost.
keys: all
input: time, lease, run, fence, path, turn, limiter, cost, number of the correction
returns: 'gone', 'another', 'done'
writes: when full
uses: prelude limits-part step-use-part
]]
local lease, id, fence, path, turn = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local other, run, admission = currentUse(lease, id, fence, path, turn)
if other then return other end
local limiting = limits()
local cost, number = tonumber(ARGV[8]), tonumber(ARGV[9])
for i = 1, #admission.t do
  local take = admission.t[i]
  local rule = limiting.ruleOf(take[T_NAME])
  if take[T_NAME] == ARGV[7] and rule and take[T_PAID] ~= 0 and number > (take[T_CORRECTED] or 0) then
    local field = limiting.fieldOf(take)
    limiting.changeUse(rule, field, (cost - take[T_CHARGED]) * rule.everyMs)
    take[T_CHARGED], take[T_CORRECTED] = cost, number
    limiting.touch(field)
    limiting.keep(run)
  end
end
finish()
return 'done'
