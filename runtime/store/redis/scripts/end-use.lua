--[[
Of a step that holds its limits: closes their keys for everybody (a provider said "too many") and ends this use of them,
or puts the true cost of one in place of what it was charged. A late repeat finds another turn and changes nothing.
keys: all
input: time, lease, run, fence, path, turn, 'close' and ms, or the limiter and its true cost
returns: 'gone', 'another', 'done'
writes: when full
uses: prelude limits-part
]]
local lease, id, fence, path, turn = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6])
local run = load(id)
if not run or run[STATE] ~= RUNNING then return 'gone' end
local heldFence, holder = readStay(run)
if heldFence ~= fence or holder ~= lease then return 'gone' end
local limiting = limits()
local admission = limiting.admissionsOf(run)[path]
if not admission or admission.f ~= fence or admission.u ~= turn then return 'another' end
local takes = admission.t
if ARGV[7] == 'close' then
  for i = 1, #takes do
    local rule = limiting.ruleOf(takes[i][T_NAME])
    if rule then limiting.close(rule, limiting.fieldOf(takes[i]), tonumber(ARGV[8])) end
  end
  limiting.endUse(run, path, admission)
else
  for i = 1, #takes do
    local rule = limiting.ruleOf(takes[i][T_NAME])
    if takes[i][T_NAME] == ARGV[8] and rule and takes[i][T_CHARGED] ~= 0 then
      local cost, field = tonumber(ARGV[9]), limiting.fieldOf(takes[i])
      limiting.changeUse(rule, field, (cost - takes[i][T_CHARGED]) * rule.everyMs)
      -- Zero says that nothing was charged yet.
      takes[i][T_CHARGED] = cost
      limiting.touch(field)
      limiting.keep(run)
    end
  end
end
finish(lease)
return 'done'
