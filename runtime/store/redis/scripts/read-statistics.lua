--[[
What statistics are made of: cells, samples of the backlog, and the backlog now.
keys: meta minutes minuteOrder hours hourOrder unrolled backlogs
input: time, 'm' for minutes or 'h' for hours, how many of them, how many cells of each kind at most
returns: { wall, first minute counted or '', cells of the periods, cells of minutes that are in no hour yet, samples, backlogs now };
  cells: { { fields }, { cells } } in turn, newer periods first, one more than the most if there are more;
  samples: period and sample in turn, of which only the first has its queues unless there are too many cells; backlogs: queue and number in turn
]]
local unit, periods, most = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local last = math.floor(wall / (unit == 'm' and 60000 or 3600000))
local first = last - periods + 1

local function cellsOf(order, hash, from, to)
  local fields = redis.call('ZRANGE', order, to, from, 'BYSCORE', 'REV', 'LIMIT', 0, most + 1)
  local found = {}
  for begin = 1, #fields, 1000 do
    local names = { unpack(fields, begin, math.min(#fields, begin + 999)) }
    found[#found + 1] = names
    found[#found + 1] = redis.call('HMGET', hash, unpack(names))
  end
  return found, #fields > most
end

local cells, unrolled, cut, more = nil, {}, false, false
if unit == 'm' then
  cells, cut = cellsOf(K.minuteOrder, K.minutes, first, last)
else
  cells, cut = cellsOf(K.hourOrder, K.hours, first, last)
  unrolled, more = cellsOf(K.unrolled, K.minutes, first * 60, last * 60 + 59)
end

local names, samples = {}, {}
for period = first, last do names[#names + 1] = unit .. string.format('%.0f', period) end
local stored = redis.call('HMGET', K.backlogs, unpack(names))
for i = 1, #names do
  local sample = stored[i]
  if sample then
    samples[#samples + 1] = sub(names[i], 2)
    samples[#samples + 1] = (cut or more or #samples == 1) and sample or sub(sample, 1, 7)
  end
end

local since = redis.call('HGET', K.meta, 'countedSince') or ''
return { string.format('%.0f', wall), since, cells, unrolled, samples, {} }
