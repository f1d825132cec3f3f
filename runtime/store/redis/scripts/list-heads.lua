--[[
The next number of each of many streams: which of them a search reads first.
keys: index groups tags failedBy ready suspects runs stays workers payloads
input: filter, order, number to go on behind, then the streams
returns: per stream the number, '' at its end
uses: find-runs-part
writes: nothing
]]
local heads = {}
for i = 4, #ARGV do
  local stream = { letter = string.sub(ARGV[i], 1, 1), prefix = string.sub(ARGV[i], 2), last = tonumber(ARGV[3]) }
  local head = readOn(stream, 1, ARGV[2] == 'newest')[1]
  heads[#heads + 1] = head and string.format('%.0f', head[1]) or ''
end
return heads
