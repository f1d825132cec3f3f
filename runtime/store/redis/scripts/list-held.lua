--[[
Lists held runs with numbers and times, a part of them per call.
keys: held index groups tags failedBy ready suspects runs stays workers payloads limitLines
input: filter, a lease or '' for all, the last member of the reply before ('' at first), limit
returns: the last member inspected ('' at the end), then number, time of the last change, and run of each that fits
uses: find-runs-part
writes: nothing
]]
local LEASE_LENGTH = 36
local lease, after, limit = ARGV[2], ARGV[3], tonumber(ARGV[4])
local above = after ~= '' and '(' .. after or lease ~= '' and '[' .. lease or '-'
local below = lease ~= '' and '(' .. lease .. '\255' or '+'
local members = redis.call('ZRANGEBYLEX', K.held, above, below, 'LIMIT', 0, limit)
local ids = {}
for i = 1, #members do ids[i] = string.sub(members[i], LEASE_LENGTH + 1) end
local records = readRecords(ids)
local found = { #members == limit and members[limit] or '' }
for i = 1, #ids do
  local record = records[i]
  if record and fits(ids[i], record) then
    local _, changedAt = readHead(record)
    found[#found + 1] = string.format('%.0f', (struct.unpack('>I6', record, 8)))
    found[#found + 1] = string.format('%.0f', changedAt)
    found[#found + 1] = ids[i]
  end
end
return found
