--[[
Returns the holders of slots of a limiter's key.
keys: all
input: time, limiter, key, the part after limiter and key of the holder to continue after ('' at first), limit
returns: per holder: { run, path, job ('' when the run is gone), queue, state, slots, since when or '', worker or '' }
writes: nothing
uses: prelude limits-part
]]
local field = ARGV[2] .. '\0' .. ARGV[3]
local prefix = field .. '\0'
local above = ARGV[4] == '' and '[' .. prefix or '(' .. prefix .. ARGV[4]
local members = call('ZRANGEBYLEX', K.limitHolders, above, '(' .. prefix .. '\255', 'LIMIT', 0, tonumber(ARGV[5]))
onlyReads = true
local found = {}
for i = 1, #members do
  local id, path = string.match(sub(members[i], #prefix + 1), '^([^%z]*)%z(.*)$')
  local run = load(id)
  local admission = run and limits().admissionsOf(run)[path]
  local held, since = 0, ''
  for t = 1, admission and #admission.t or 0 do
    local take = admission.t[t]
    if limits().fieldOf(take) == field and take[T_HELD] ~= 0 then
      held, since = take[T_HELD], take[T_HELD_AT] and text(take[T_HELD_AT]) or ''
    end
  end
  local _, lease
  if run and (run[STATE] == RUNNING or run[STATE] == CANCELLING) then _, lease = readStay(run) end
  found[i] = {
    id, path, run and run[JOB] or '', run and run[QUEUE] or '', run and run[STATE] or 0, held, since, lease and workerName(lease) or '',
  }
end
return found
