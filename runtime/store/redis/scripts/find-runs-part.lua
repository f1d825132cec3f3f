--[[
Finds runs in sets by their number, several sets at once, and reads those that fit a filter. A stream is the letter of a
set and a prefix of its members, before number and run. The filter is msgpack: { states, job, queue, from, before (of
the last change), texts that are parts of the record, text in any case ('' for none), limiter and key that the run
waits for (none, or the limiter alone) }. A match here is a candidate; `matchesRecord` decides.
]]
--[[states]]
local SETS = { i = K.index, g = K.groups, t = K.tags, f = K.failedBy, r = K.ready, s = K.suspects, l = K.limitLines }

--- Whether number `a` comes after `b` in the order.
local function isBehind(a, b, newestFirst)
  if newestFirst then return a < b end
  return a > b
end

--- Returns a stream of the members with the prefix after the letter, starting after a number.
local function streamOf(text, from)
  return { letter = string.sub(text, 1, 1), prefix = string.sub(text, 2), last = from, members = {}, i = 0 }
end

--- Reads the next `atMost` members of a stream.
local function readOn(stream, atMost, newestFirst)
  local key, prefix = SETS[stream.letter], stream.prefix
  local at = prefix .. struct.pack('>I6', stream.last)
  if newestFirst then
    stream.members = redis.call('ZREVRANGEBYLEX', key, '(' .. at, '[' .. prefix, 'LIMIT', 0, atMost)
  else
    stream.members = redis.call('ZRANGEBYLEX', key, '(' .. at .. '\255', '(' .. prefix .. '\255', 'LIMIT', 0, atMost)
  end
  stream.i, stream.ended, stream.next = 0, #stream.members < atMost, atMost * 2
end

--- Moves a stream to its next run, reading on at most `atMost` members; returns false at its end.
local function advance(stream, atMost, newestFirst)
  if stream.i == #stream.members and not stream.ended then readOn(stream, math.min(stream.next, atMost), newestFirst) end
  local i = stream.i + 1
  local member = stream.members[i]
  if not member then return false end
  if stream.given then
    stream.last, stream.id, stream.i = tonumber(member), stream.members[i + 1], i + 1
    return true
  end
  local at = #stream.prefix + 1
  stream.i, stream.last, stream.id = i, struct.unpack('>I6', member, at), string.sub(member, at + 6)
  -- A waitlist entry ends with a step.
  if stream.letter == 'l' then stream.id = string.match(stream.id, '^[^%z]*') end
  return true
end

--- Moves the last stream to its position; the stream with the next run comes last.
local function settle(streams, newestFirst)
  for i = #streams, 2, -1 do
    if not isBehind(streams[i].last, streams[i - 1].last, newestFirst) then return end
    streams[i], streams[i - 1] = streams[i - 1], streams[i]
  end
end

--- Returns the first `atMost` runs after a number, their numbers, and whether there are no more. `given`: number and
--- run of each that the caller knows, in order; `isCut`: it knows of more. Returns each run once: a run that moved
--- since the caller read it may also be in a stream, and with several steps or keys a run is on waitlists several
--- times.
local function mergeStreams(texts, from, atMost, newestFirst, given, isCut)
  local streams, ids, numbers, n = {}, {}, {}, 0
  local function add(stream)
    if not advance(stream, atMost + 1, newestFirst) then return end
    streams[#streams + 1] = stream
    settle(streams, newestFirst)
  end
  add({ given = true, members = given, i = 0, ended = true })
  -- Of several streams, most may have few of the next runs: each is read only as far as needed.
  local atFirst = #texts == 1 and atMost + 1 or math.ceil(atMost / (4 * #texts)) + 1
  for i = 1, #texts do
    local stream = streamOf(texts[i], from)
    stream.next = atFirst
    add(stream)
  end
  while #streams > 0 do
    local stream = streams[#streams]
    if stream.id ~= ids[n] then
      if n == atMost then return ids, numbers, false end
      n = n + 1
      ids[n], numbers[n] = stream.id, stream.last
    end
    -- Many entries of a waitlist may belong to one run.
    local missing = stream.letter == 'l' and stream.next or atMost - n + 1
    if advance(stream, missing, newestFirst) then settle(streams, newestFirst)
    elseif stream.given and isCut then return ids, numbers, false
    else streams[#streams] = nil end
  end
  return ids, numbers, true
end

local filter = cmsgpack.unpack(ARGV[1])
local wantedStates = {}
for _, code in ipairs(filter[1]) do wantedStates[code] = true end

--- Returns state, last change, whether that is its enqueue, job, queue, bytes of headers and input in the record.
local function readHead(record)
  local state, _, _, _, enqueuedAt, job, queue, extras, at = struct.unpack('>BhI4I6I6ssI2', record)
  local given = struct.unpack('>I2', record, at + extras)
  at = at + extras + 2 + given
  local changedAt = at > #record and enqueuedAt or struct.unpack('>I6', record, at + 49)
  return state, changedAt, changedAt == enqueuedAt, job, queue, given
end

local _, ownJob, ownQueue, changedFrom, changedBefore, texts, anyCase, waits = unpack(filter)

--- Whether the outcome is stored beside the record, which then has a `+` in its place.
local function isOutcomeBeside(record) return string.sub(record, -5) == '\0\0\0\1+' end

local function has(text) return text and string.find(string.lower(text), anyCase, 1, true) end

--- Whether the text is in any record or id read: one search in all of them takes less time than one in each.
local isInSome = false

--- Returns the records of some runs, false for those that are gone.
local function readRecords(ids)
  local records = #ids > 0 and redis.call('HMGET', K.runs, unpack(ids)) or {}
  if anyCase ~= '' then
    local all = {}
    for i = 1, #ids do all[i] = records[i] or '' end
    isInSome = isInSome or has(table.concat(all)) or has(table.concat(ids))
  end
  return records
end

local function hasText(id, record, state)
  if isInSome and (has(record) or has(id)) then return true end
  -- The text of a poisoned run's error is not stored.
  if state == FAILED and string.sub(record, -4) == '\0\0\0\0' then return true end
  return state ~= COMPLETED and isOutcomeBeside(record) and has(redis.call('HGET', K.payloads, 'o' .. id))
end

--- Whether the run is on the filter's waitlist, if it names one (admissions: see limits-part.lua).
local function isOnWaitlist(record)
  if #waits == 0 then return true end
  local extras, at = select(8, struct.unpack('>BhI4I6I6ssI2', record))
  if extras == 0 then return false end
  for _, admission in pairs(cmsgpack.unpack(string.sub(record, at, at + extras - 1)).L or {}) do
    local take = admission.n and admission.t[admission.n]
    if take and take[1] == waits[1] and (not waits[2] or take[2] == waits[2]) then return true end
  end
  return false
end

--- Whether a run fits the filter; then also its state and the bytes of headers and input in its record.
local function fits(id, record)
  local state, changedAt, _, job, queue, given = readHead(record)
  if not wantedStates[state] or changedAt < changedFrom or changedAt >= changedBefore then return false end
  if ownJob ~= '' and ownJob ~= job or ownQueue ~= '' and ownQueue ~= queue then return false end
  if not isOnWaitlist(record) then return false end
  for i = 1, #texts do
    if not string.find(record, texts[i], 1, true) then return false end
  end
  if anyCase ~= '' and not hasText(id, record, state) then return false end
  return true, state, given
end

--- Returns a run as read-runs does, with its id in front; and its bytes.
local function readBeside(id, record, state, given)
  local stay = (state == RUNNING or state == CANCELLING) and redis.call('HGET', K.stays, id) or ''
  local worker = stay ~= '' and redis.call('HGET', K.workers, string.sub(stay, 16))
  local input = given == 0 and redis.call('HGET', K.payloads, 'i' .. id) or ''
  -- Only the headers, which come before the input.
  if input ~= '' then input = string.sub(input, 1, 4 + struct.unpack('>I4', input)) end
  local outcome = isOutcomeBeside(record) and redis.call('HGET', K.payloads, 'o' .. id) or ''
  return { id, record, stay, worker and cmsgpack.unpack(worker).name or '', input, outcome }, #record + #outcome + #input
end

--- Adds a run to those found if it exists and fits, with how many were inspected up to it. Returns its bytes, or 0.
local function addFitting(found, id, record, looked)
  if not record then return 0 end
  local fit, state, given = fits(id, record)
  if not fit then return 0 end
  local run, size = readBeside(id, record, state, given)
  run[#run + 1] = looked
  found[#found + 1] = run
  return size
end
