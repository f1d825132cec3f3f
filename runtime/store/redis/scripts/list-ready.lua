--[[
Lists the prefixes of members of the ready sets: class and priority, 6 bytes; within each, runs are in order of number.
keys: classes ready suspects
input: job, queue ('' for any), where the previous reply ended ('' at first), how many to inspect at most
returns: where this one ended ('' at the end), then each with the letter of its set in front, `r` or `s`
writes: nothing
]]
local job, queue, after, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local function addCodes(codes, raw)
  local known = cmsgpack.unpack(raw)
  for c = 1, #known, 3 do
    if queue == '' or queue == known[c + 1] then codes[#codes + 1] = known[c] end
  end
end

--- Returns the classes of the job and queue; nil for all. Only a queue without a job needs the classes of every job.
local function wantedCodes()
  if job == '' and queue == '' then return nil end
  local codes = {}
  if job ~= '' then
    local raw = redis.call('HGET', K.classes, job)
    if raw then addCodes(codes, raw) end
  else
    local classes = redis.call('HGETALL', K.classes)
    for i = 2, #classes, 2 do addCodes(codes, classes[i]) end
  end
  return codes
end

local found, looked, last = {}, 0, after

--- Goes from one prefix to the next, after `above`; returns false if the bound ended it.
local function walk(letter, key, above, to, isWanted)
  while looked < most do
    looked = looked + 1
    local member = redis.call('ZRANGEBYLEX', key, above, to, 'LIMIT', 0, 1)[1]
    if not member then return true end
    local beginning = string.sub(member, 1, 6)
    last = letter .. beginning
    if not isWanted or isWanted[struct.unpack('>I4', member)] then found[#found + 1] = last end
    above = '(' .. beginning .. '\255'
  end
  return false
end

-- A few classes are looked up one by one; for many, all that have ready runs are traversed.
local codes = wantedCodes()
local isFew, isWanted = codes and #codes <= most / 4, nil
if isFew then table.sort(codes)
elseif codes then
  isWanted = {}
  for i = 1, #codes do isWanted[codes[i]] = true end
end

local function walkSet(letter, key)
  -- In the set in which the previous reply ended, continues after its end.
  local behind = string.sub(after, 1, 1) == letter and '(' .. string.sub(after, 2) .. '\255'
  if not isFew then return walk(letter, key, behind or '-', '+', isWanted) end
  local lastCode = behind and struct.unpack('>I4', after, 2)
  for i = 1, #codes do
    local code = struct.pack('>I4', codes[i])
    local above = codes[i] == lastCode and behind or '[' .. code
    local isPassed = lastCode and codes[i] < lastCode
    if not isPassed and not walk(letter, key, above, '(' .. code .. '\255', nil) then return false end
  end
  return true
end

local isAll = (string.sub(after, 1, 1) == 's' or walkSet('r', K.ready)) and walkSet('s', K.suspects)
table.insert(found, 1, isAll and '' or last)
return found
