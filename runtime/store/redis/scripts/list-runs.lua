--[[
One step of a search by number: inspects runs until enough fit.
keys: index groups tags failedBy ready suspects runs stays workers payloads limitLines
input: filter, order, number to continue after, most to inspect, most to find, most bytes, 1 if the caller knows of more
  runs than it sends, how many it sends, then number and run of each, then the streams
returns: how many were inspected, number of the last of them, 1 when none is left, bytes, runs found, each with how many
  were inspected up to it at its end
uses: find-runs-part
writes: nothing
]]
local newestFirst, from, atMost = ARGV[2] == 'newest', tonumber(ARGV[3]), tonumber(ARGV[4])
local wanted, mostBytes = tonumber(ARGV[5]), tonumber(ARGV[6])
local given, streams = {}, {}
local last = 8 + 2 * tonumber(ARGV[8])
for i = 9, last do given[#given + 1] = ARGV[i] end
for i = last + 1, #ARGV do streams[#streams + 1] = ARGV[i] end

local ids, numbers, isAll = mergeStreams(streams, from, atMost, newestFirst, given, ARGV[7] == '1')
local records = readRecords(ids)
local found, bytes, looked = {}, 0, 0
while looked < #ids and #found < wanted and bytes < mostBytes do
  looked = looked + 1
  bytes = bytes + addFitting(found, ids[looked], records[looked], looked)
end
local lastNumber = numbers[looked] or from
return { looked, string.format('%.0f', lastNumber), isAll and looked == #ids and 1 or 0, bytes, found }
