--[[
Finds runs in sets by their number, several sets at once, and reads those that a filter lets through. A stream is the letter
of a set and what its members begin with, before number and run. The filter is msgpack:
{ states, job, queue, from, before (of the last change), texts that are parts of the record, text in whatever case ('' for
none), limiter and key that the run waits for (none, or the limiter alone) }. A match here is a candidate; `matchesRecord` decides.
]]
--[[states]]
local SETS = { i = K.index, g = K.groups, t = K.tags, f = K.failedBy, r = K.ready, s = K.suspects, l = K.limitLines }

--- Whether a number comes later in the order.
local function isBehind(a, b, newestFirst)
  if newestFirst then return a < b end
  return a > b
end

--- Reads the next `atMost` members of a stream.
local function readOn(stream, atMost, newestFirst)
  local key, prefix = SETS[stream.letter], stream.prefix
  local at, members = prefix .. struct.pack('>I6', stream.last), nil
  if newestFirst then
    members = redis.call('ZREVRANGEBYLEX', key, '(' .. at, '[' .. prefix, 'LIMIT', 0, atMost)
  else
    members = redis.call('ZRANGEBYLEX', key, '(' .. at .. '\255', '(' .. prefix .. '\255', 'LIMIT', 0, atMost)
  end
  local found = {}
  for i = 1, #members do
    local id = string.sub(members[i], #prefix + 7)
    -- An entry of a waitlist ends with a step.
    if stream.letter == 'l' then id = string.match(id, '^[^%z]*') end
    found[i] = { struct.unpack('>I6', members[i], #prefix + 1), id }
  end
  if #members < atMost then stream.ended = true else stream.last = found[#found][1] end
  stream.next = atMost * 2
  return found
end

--- The first `atMost` runs behind a number, as { number, run }, and whether there are no more. `given`: runs that the caller
--- knows, { number, run } in order; `isCut`: it knows of more.
local function mergeStreams(streams, from, atMost, newestFirst, given, isCut)
  local found, all = {}, { { ended = not isCut, last = isCut and given[#given][1] } }
  -- Each run once: one that moved since the caller read of it may be in a stream, too, and with several steps or keys a run is
  -- on waitlists several times. What is counted below is runs.
  local isFound = {}
  local function add(runs)
    for i = 1, #runs do
      local number = runs[i][1]
      if not isFound[number] then
        isFound[number] = true
        found[#found + 1] = runs[i]
      end
    end
  end
  add(given)
  -- Of several streams most may have only few of the next runs: each is read on as far as it turns out to be needed.
  local atFirst = #streams == 1 and atMost + 1 or math.ceil(atMost / (4 * #streams)) + 1
  for i = 1, #streams do
    local stream = { letter = string.sub(streams[i], 1, 1), prefix = string.sub(streams[i], 2), last = from }
    all[#all + 1] = stream
    add(readOn(stream, atFirst, newestFirst))
  end
  while true do
    -- Behind this one a stream may have runs that were not read.
    local first
    for i = 1, #all do
      if not all[i].ended and (not first or isBehind(first.last, all[i].last, newestFirst)) then first = all[i] end
    end
    local sure = #found
    if first then
      sure = 0
      for i = 1, #found do
        if not isBehind(found[i][1], first.last, newestFirst) then sure = sure + 1 end
      end
    end
    if not first or sure >= atMost then
      if #all > 2 or #given > 0 then
        if newestFirst then table.sort(found, function(a, b) return a[1] > b[1] end)
        else table.sort(found, function(a, b) return a[1] < b[1] end) end
      end
      local isAll = not first and #found <= atMost
      for i = #found, atMost + 1, -1 do found[i] = nil end
      return found, isAll
    end
    -- Of a waitlist many entries may be one run's.
    local missing = first.letter == 'l' and first.next or atMost - sure + 1
    add(readOn(first, math.min(first.next, missing), newestFirst))
  end
end

local filter = cmsgpack.unpack(ARGV[1])
local wantedStates = {}
for _, code in ipairs(filter[1]) do wantedStates[code] = true end

--- State, last change, whether it is in that state since its enqueue, job, queue, bytes of headers and input in the record.
local function readHead(record)
  local state, _, _, _, enqueuedAt, job, queue, extras, at = struct.unpack('>BhI4I6I6ssI2', record)
  local given = struct.unpack('>I2', record, at + extras)
  at = at + extras + 2 + given
  local changedAt = at > #record and enqueuedAt or struct.unpack('>I6', record, at + 49)
  return state, changedAt, changedAt == enqueuedAt, job, queue, given
end

local _, ownJob, ownQueue, changedFrom, changedBefore, texts, anyCase, waits = unpack(filter)

--- Whether the outcome stands beside the record: a `+` alone stands for it.
local function isOutcomeBeside(record) return string.sub(record, -5) == '\0\0\0\1+' end

local function hasText(id, record, state)
  local function has(text) return text and string.find(string.lower(text), anyCase, 1, true) end
  if has(record) or has(id) then return true end
  -- The words of a poisoned run's error are not stored.
  if state == FAILED and string.sub(record, -4) == '\0\0\0\0' then return true end
  return state ~= COMPLETED and isOutcomeBeside(record) and has(redis.call('HGET', K.payloads, 'o' .. id))
end

--- Whether the run is on the waitlist of the filter, if it names one (admissions: see limits-part.lua).
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

--- Whether a run fits the filter; state and bytes of headers and input in its record.
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

--- What read-runs answers of a run, its id in front; and its bytes.
local function readBeside(id, record, state, given)
  local stay = (state == RUNNING or state == CANCELLING) and redis.call('HGET', K.stays, id) or ''
  local worker = stay ~= '' and redis.call('HGET', K.workers, string.sub(stay, 16))
  local input = given == 0 and redis.call('HGET', K.payloads, 'i' .. id) or ''
  -- Only the headers in front of the input.
  if input ~= '' then input = string.sub(input, 1, 4 + struct.unpack('>I4', input)) end
  local outcome = isOutcomeBeside(record) and redis.call('HGET', K.payloads, 'o' .. id) or ''
  return { id, record, stay, worker and cmsgpack.unpack(worker).name or '', input, outcome }, #record + #outcome + #input
end
