--[[
Returns the next number of each of many streams, by which a search decides which to read first.
keys: index groups tags failedBy ready suspects runs stays workers payloads limitLines
input: filter, order, number to continue after, then the streams
returns: per stream the number, '' at its end
uses: find-runs-part
writes: nothing
]]
local heads = {}
for i = 4, #ARGV do
  local stream = streamOf(ARGV[i], tonumber(ARGV[3]))
  stream.next = 1
  heads[#heads + 1] = advance(stream, 1, ARGV[2] == 'newest') and string.format('%.0f', stream.last) or ''
end
return heads
