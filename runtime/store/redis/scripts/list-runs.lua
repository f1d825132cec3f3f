--[[
Ids of runs of one state (or with one tag) with a number in line below a cursor, newest first.
keys: index ready suspects held classes tags runs
input: state code or 0, tag or '', cursor, limit
returns: flat list of seq, id
writes: nothing
]]
local state, tag, cursor, limit = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
--[[states]]
local found = {}

local function add(seq, id) found[#found + 1] = { seq, id } end

--- Members that begin with a prefix, then the number in line (6 bytes), then the id.
local function newestBelow(key, prefix)
  local members = redis.call('ZREVRANGEBYLEX', key, '(' .. prefix .. struct.pack('>I6', cursor), '[' .. prefix, 'LIMIT', 0, limit)
  for i = 1, #members do
    local seq = struct.unpack('>I6', members[i], #prefix + 1)
    add(seq, string.sub(members[i], #prefix + 7))
  end
end

--- Ready runs stand by class and priority: each such group is read from its newest end.
local function readyRuns()
  for _, key in ipairs({ K.ready, K.suspects }) do
    local below = '+'
    for _ = 1, 1000 do
      local last = redis.call('ZREVRANGEBYLEX', key, below, '-', 'LIMIT', 0, 1)[1]
      if not last then break end
      local group = string.sub(last, 1, 6)
      newestBelow(key, group)
      below = '(' .. group
    end
  end
end

local function heldRuns()
  local members = redis.call('ZRANGEBYLEX', K.held, '-', '+', 'LIMIT', 0, 20000)
  for i = 1, #members do
    local id = string.sub(members[i], 37)
    local record = redis.call('HGET', K.runs, id)
    local own, _, _, seq = struct.unpack('>BhI4I6', record or string.rep('\0', 13))
    if seq < cursor and (state == 0 or own == state) then add(seq, id) end
  end
end

if tag ~= '' then
  newestBelow(K.tags, tag .. '\0')
else
  for code = SCHEDULED, EXPIRED do
    if state == 0 or state == code then
      if code == READY then readyRuns()
      elseif code == RUNNING or (code == CANCELLING and state ~= 0) then heldRuns()
      elseif code ~= CANCELLING then newestBelow(K.index, string.char(code)) end
    end
  end
end
table.sort(found, function(a, b) return a[1] > b[1] end)
local flat = {}
for i = 1, math.min(limit, #found) do
  flat[#flat + 1] = string.format('%.0f', found[i][1])
  flat[#flat + 1] = found[i][2]
end
return flat
