--[[
Compares counters of runs with the sets of runs; changes nothing.
keys: meta runCounts classes ready suspects held index groups changed
input: fields of counters to compare, of states that are in `groups`; none: the sums by state
returns: per field: counter, runs; for the sums: 1 if all runs were ever counted, then per state: sum of its counters, runs
uses: bounded-part run-counts-part
writes: nothing
]]
if #ARGV > 0 then
  local pairs_ = {}
  for i = 1, #ARGV do
    local queue, job, code = string.match(ARGV[i], '^(%Z*)%z(%Z*)%z(%d+)$')
    local prefix = string.char(code) .. job .. '\0' .. queue .. '\0'
    pairs_[#pairs_ + 1] = tonumber(redis.call('HGET', K.runCounts, ARGV[i]) or 0)
    pairs_[#pairs_ + 1] = redis.call('ZLEXCOUNT', K.groups, '[' .. prefix, '(' .. prefix .. '\255')
  end
  return pairs_
end

local sums, found = {}, { redis.call('HEXISTS', K.meta, 'recountedAt') }
for field, n in pairs(countsByField()) do
  local code = tonumber(string.match(field, '%d+$'))
  sums[code] = (sums[code] or 0) + n
end
for code = SCHEDULED, EXPIRED do
  local sum, runs = sums[code] or 0, sums[code] or 0
  if code == RUNNING then runs = redis.call('ZCARD', K.held) - (sums[CANCELLING] or 0)
  elseif code == READY then runs = redis.call('ZCARD', K.ready) + redis.call('ZCARD', K.suspects)
  elseif code ~= CANCELLING then runs = ofState(K.index, code) end
  found[#found + 1] = sum
  found[#found + 1] = runs
end
return found
