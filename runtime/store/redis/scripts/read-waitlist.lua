--[[
Returns the waiters for a limiter's key, in order.
keys: all
input: time, limiter, key, the part after limiter and key of the entry to continue after ('' at first), limit
returns: per entry: { priority, number, run, path, job ('' when the run is gone), queue, state, since when it waits or '', 1 when aged }
writes: nothing
uses: prelude limits-part
]]
local prefix = ARGV[2] .. '\0' .. ARGV[3] .. '\0'
local above = ARGV[4] == '' and '[' .. prefix or '(' .. prefix .. ARGV[4]
local members = call('ZRANGEBYLEX', K.limitLines, above, '(' .. prefix .. '\255', 'LIMIT', 0, tonumber(ARGV[5]))
onlyReads = true
local found = {}
for i = 1, #members do
  local rank, number = unpack1('>I2I6', members[i], #prefix + 1)
  local id, path = string.match(sub(members[i], #prefix + 9), '^([^%z]*)%z(.*)$')
  local run = load(id)
  local admission = run and limits().admissionsOf(run)[path]
  local since = run and run[STATE] == WAITING and text(run[CHANGED_AT]) or ''
  found[i] = {
    1000 - rank, text(number), id, path, run and run[JOB] or '', run and run[QUEUE] or '', run and run[STATE] or 0, since,
    admission and admission.s and 1 or 0,
  }
end
return found
