--[[
Lists held unique keys, a bounded part of them. A few keys are sorted; for more the hash is scanned by its cursor, which
yields each key that remains at least once.
keys: all
input: time, job or '', the key to continue after in order ('' at first), cursor of the hash ('' while keys are sorted),
  limit, how many to inspect at most
returns: key and cursor to continue with ('' and '' at the end), then per key: { job, key, run, state, code of what it
  is held until, time of its enqueue }
writes: nothing
uses: prelude unique-part
]]
local IN_ORDER = 1000
local job, after, cursor, limit, most = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local found, told = { '', '' }, {}

local function add(field)
  local ofJob, key = string.match(field, '^([^%z]*)%z(.*)$')
  if told[field] or field <= after or job ~= '' and job ~= ofJob then return end
  told[field] = true
  local id = holderOf(field)
  local run = id and load(id)
  if not run then return end
  local fields, code = uniqueKeys().keysOf(run)
  -- The canonical form of a key that is listed itself (U2).
  if fields[#fields] ~= field then return end
  found[#found + 1] = { ofJob, key, id, run[STATE], text(code), text(run[ENQUEUED_AT]) }
end

if cursor == '' and call('HLEN', K.unique) <= IN_ORDER then
  local all, fields = call('HGETALL', K.unique), {}
  for i = 1, #all, 2 do fields[#fields + 1] = all[i] end
  table.sort(fields)
  for i = 1, #fields do
    add(fields[i])
    if #found - 2 == limit and i < #fields then
      found[1] = fields[i]
      break
    end
  end
else
  if cursor == '' then cursor = '0' end
  local inspected = 0
  repeat
    local page = call('HSCAN', K.unique, cursor, 'COUNT', limit)
    cursor = page[1]
    for i = 1, #page[2], 2 do add(page[2][i]) end
    inspected = inspected + #page[2] / 2
  until cursor == '0' or #found - 2 >= limit or inspected >= most
  if cursor ~= '0' then found[1], found[2] = after, cursor end
end
return found
