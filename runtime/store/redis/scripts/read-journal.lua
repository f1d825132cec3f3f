--[[
Returns a page of a journal to the worker that holds its run.
keys: meta stays + the journal
input: time, lease, run, fence, from position, how many, about how many bytes
returns: 'gone', or { now, entries, 1 when there are more }
writes: nothing
]]
local stay = redis.call('HGET', K.stays, ARGV[3])
if not stay or string.sub(stay, 16) ~= ARGV[2] then return 'gone' end
if struct.unpack('>I6', stay) ~= tonumber(ARGV[4]) then return 'gone' end
local from, count, bytes = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
-- In small parts, so that large entries are not read only to be dropped.
local entries, size = {}, 0
for at = from, from + count - 1, 10 do
  local part = redis.call('LRANGE', KEYS[STATIC_KEYS + 1], at, math.min(at + 9, from + count - 1))
  for i = 1, #part do
    size = size + #part[i]
    if size > bytes and #entries > 0 then return { string.format('%.0f', now), entries, 1 } end
    entries[#entries + 1] = part[i]
  end
  if #part < 10 then return { string.format('%.0f', now), entries, 0 } end
end
return { string.format('%.0f', now), entries, 1 }
