--[[
Returns entries of a journal: those of one step, or all without the values of finished steps.
keys: meta + the journal
input: path of the step or '' for all, from position, how many to find, how many to inspect, about how many bytes to inspect
returns: { inspected, 1 when there are more, { position, entry, ... } }
writes: nothing
]]
local path, from, wanted, most, bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local journal = KEYS[STATIC_KEYS + 1]
local DONE = 4
local found, inspected, size = {}, 0, 0

--- Returns the offset at which the path of an entry ends.
local function pathEnd(entry) return 30 + struct.unpack('>H', entry, 29) end

local function add(position, entry)
  local n = #found
  found[n + 1], found[n + 2] = position, entry
end

local function visit(position, entry)
  if entry == '' then return end
  local last = pathEnd(entry)
  if path ~= '' then
    if last - 30 == #path and string.sub(entry, 31, last) == path then add(position, entry) end
  elseif string.byte(entry, 13) == DONE then
    add(position, string.sub(entry, 1, last))
  else
    add(position, entry)
  end
end

-- In small parts: the values of large entries are read only to be dropped.
while inspected < most and size < bytes do
  local part = redis.call('LRANGE', journal, from + inspected, from + inspected + 9)
  for i = 1, #part do
    inspected, size = inspected + 1, size + #part[i]
    visit(from + inspected, part[i])
    if #found == wanted * 2 then return { inspected, 1, found } end
  end
  if #part < 10 then return { inspected, 0, found } end
end
return { inspected, 1, found }
