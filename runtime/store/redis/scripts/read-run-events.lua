--[[
Returns entries of a log of events that mention a run, the newest first; also those that contain its id by chance.
keys: events operations
input: 'runs' or 'operations', the run, the id to start at going back, how many entries to inspect, how many to find at
  most
returns: { the id to continue at or '' at the end, entries }; of each entry in turn its id, when it was, msgpack
writes: nothing
]]
local key = ARGV[1] == 'runs' and K.events or K.operations
local run, from, left, wanted = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local AT_ONCE = 100
local found, count = {}, 0
while left > 0 do
  local entries = redis.call('XREVRANGE', key, from, '-', 'COUNT', AT_ONCE)
  for i = 1, #entries do
    local id, fields = entries[i][1], entries[i][2]
    if string.find(fields[4], run, 1, true) then
      local n = #found
      found[n + 1], found[n + 2], found[n + 3] = id, fields[2], fields[4]
      count = count + 1
    end
    from = '(' .. id
    if count == wanted then return { from, found } end
  end
  if #entries < AT_ONCE then return { '', found } end
  left = left - AT_ONCE
end
return { from, found }
