--[[
Returns groups of failures with the number of runs that are failed now in each.
keys: meta failures failureOrder failedBy
input: time, order ('latest', 'most', 'newest'), limit, beginning of fingerprints (one that is just this comes first) or '', job or '', seen since (ms by the wall) or ''
returns: now, then per group: fingerprint, record (failures-part.lua), runs that are failed now
writes: nothing
]]
local order, limit, beginning, job = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local since = tonumber(ARGV[6])
since = since and since - wall + now

--- { fingerprint, record, last time, sort key }
local found = {}

local function add(fingerprint, record)
  if string.sub(fingerprint, 1, #beginning) ~= beginning then return end
  local firstAt, lastAt, tries, _, own = struct.unpack('>I6I6I4I4s', record)
  if (job ~= '' and own ~= job) or (since and lastAt < since) then return end
  local key = order == 'most' and tries or order == 'newest' and firstAt or lastAt
  found[#found + 1] = { fingerprint, record, lastAt, key }
end

if order == 'latest' and beginning == '' and job == '' then
  -- Only the first ones are needed, with all that share the instant of the last of them.
  local last = call('ZRANGE', K.failureOrder, limit - 1, limit - 1, 'REV', 'WITHSCORES')[2]
  local names = call('ZRANGE', K.failureOrder, '+inf', last or '-inf', 'BYSCORE', 'REV')
  for i = 1, #names do
    local record = call('HGET', K.failures, names[i])
    if record then add(names[i], record) end
  end
else
  local all = call('HGETALL', K.failures)
  for i = 1, #all, 2 do add(all[i], all[i + 1]) end
end
table.sort(found, function(a, b)
  if (a[1] == beginning) ~= (b[1] == beginning) then return a[1] == beginning end
  if a[4] ~= b[4] then return a[4] > b[4] end
  if a[3] ~= b[3] then return a[3] > b[3] end
  return a[1] < b[1]
end)

local reply = { string.format('%.0f', now) }
for i = 1, math.min(limit, #found) do
  local fingerprint, n = found[i][1], #reply
  reply[n + 1], reply[n + 2] = fingerprint, found[i][2]
  reply[n + 3] = call('ZLEXCOUNT', K.failedBy, '[' .. fingerprint .. '\0', '(' .. fingerprint .. '\1')
end
return reply
