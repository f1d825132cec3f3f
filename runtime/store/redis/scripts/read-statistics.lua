--[[
Returns the data of statistics: cells, samples of the backlog, and the number of runs now.
keys: meta minutes minuteOrder runCounts classes ready suspects
input: time, 'm' for minutes or 'h' for hours, how many of them, how many samples of these are retained, how many cells
  at most; periods before the last whose backlog is wanted by queue, longest ago first
returns: { wall, first minute counted or '', first minute with a sample or '', cells of the periods,
  cells of minutes that may be in no hour yet, samples, counts now (see run-counts-part) };
  cells: { fields }, { cells } in turn, newer periods first, one more than the most if there are more; samples: oldest
  first; only the first and the wanted ones have their queues, unless there are too many cells
writes: nothing
uses: bounded-part run-counts-part
]]
local HOURS_FROM = --[[hours]] 0
local unit, periods, slots, most = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local last = floor(wall / (unit == 'm' and 60000 or 3600000))
local first = last - periods + 1

local function cellsOf(from, to)
  local fields = call('ZRANGE', K.minuteOrder, to, from, 'BYSCORE', 'REV', 'LIMIT', 0, most + 1)
  local found = {}
  for begin = 1, #fields, 1000 do
    local names = { unpack(fields, begin, math.min(#fields, begin + 999)) }
    found[#found + 1] = names
    found[#found + 1] = call('HMGET', K.minutes, unpack(names))
  end
  return found, #fields > most
end

local cells, unrolled, cut, more = nil, {}, false, false
if unit == 'm' then
  cells, cut = cellsOf(first, last)
else
  cells, cut = cellsOf(HOURS_FROM + first, HOURS_FROM + last)
  local from = tonumber(string.match(call('HGET', K.meta, 'rolled') or '', '^%d+')) or 0
  unrolled, more = cellsOf(math.max(from, first * 60), last * 60 + 59)
end

local function samplesOf()
  local names, samples = {}, {}
  local sign = unit == 'm' and 'm' or 's'
  for period = first, last do names[#names + 1] = sign .. string.format('%.0f', period % slots) end
  local stored = call('HMGET', K.minutes, unpack(names))
  -- The first sample at or after each of these has its queues.
  local told = { 1 }
  for i = 6, #ARGV do told[#told + 1] = periods - tonumber(ARGV[i]) end
  for i = 1, #names do
    local sample = stored[i]
    if sample and unpack1('>I6', sample) == first + i - 1 then
      local whole = cut or more
      while told[1] and told[1] <= i do
        whole = true
        table.remove(told, 1)
      end
      samples[#samples + 1] = whole and sample or sub(sample, 1, 13)
    end
  end
  return samples
end

local counted, sampled = unpack(call('HMGET', K.meta, 'countedSince', 'sampledSince'))
return { string.format('%.0f', wall), counted or '', sampled or '', cells, unrolled, samplesOf(), runCounts() }
