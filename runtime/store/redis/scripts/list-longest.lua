--[[
One step of a search for the runs that have been in their state longest. Runs have three sources: `changed` has them by
time; the caller knows held ones; streams by number have those that have been ready since their enqueue, so that their
number gives their age (and those that `changed` lacks because an earlier version moved them).
keys: index groups changed tags failedBy ready suspects runs stays workers payloads limitLines
input: filter, time and number to continue after, number to continue after in the streams, most to inspect, most to
  find, most bytes, 1 if the caller knows of more runs than it sends, how many it sends, then time, number and run of
  each, then how many streams and these, then the states to read from `changed`
returns: how many were inspected, time and number of the last of them, number of the last from a stream, 1 when none is
  left, bytes, runs found, each with how many were inspected up to it at its end
uses: find-runs-part
writes: nothing
]]
local fromAt, fromSeq, fresh = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local atMost, wanted, mostBytes = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local before = filter[5]
local timed, streams, next_ = {}, {}, 10 + 3 * tonumber(ARGV[9])
for i = 10, next_ - 1, 3 do timed[#timed + 1] = { tonumber(ARGV[i]), tonumber(ARGV[i + 1]), ARGV[i + 2] } end
for i = next_ + 1, next_ + tonumber(ARGV[next_]) do streams[#streams + 1] = ARGV[i] end

local isAllTimed = ARGV[8] == '0'
for i = next_ + #streams + 1, #ARGV do
  local state = string.char(tonumber(ARGV[i]))
  local above = '(' .. state .. struct.pack('>I6I6', fromAt, fromSeq) .. '\255'
  local members = redis.call('ZRANGEBYLEX', K.changed, above, '(' .. state .. '\255', 'LIMIT', 0, atMost)
  if #members == atMost then isAllTimed = false end
  for m = 1, #members do
    local at, seq = struct.unpack('>I6I6', members[m], 2)
    timed[#timed + 1] = { at, seq, string.sub(members[m], 14) }
  end
end
table.sort(timed, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[2] < b[2] end)
for i = #timed, atMost + 1, -1 do
  timed[i] = nil
  isAllTimed = false
end

local timedIds = {}
for i = 1, #timed do timedIds[i] = timed[i][3] end
local loose, looseSeqs, isAllLoose = mergeStreams(streams, fresh, atMost, false, {}, false)
local timedRecords, looseRecords = readRecords(timedIds), readRecords(loose)

--- Returns when a run of a stream entered its state; nil if the stream doesn't decide that.
local function looseTime(i)
  local record, seq, id = looseRecords[i], looseSeqs[i], loose[i]
  if not record then return nil end
  local state, changedAt, isFresh = readHead(record)
  if state ~= READY and state ~= WAITING then return nil end
  if state == READY and isFresh then return changedAt end
  return not redis.call('ZSCORE', K.changed, struct.pack('>BI6I6', state, changedAt, seq) .. id) and changedAt or nil
end

local found, bytes, looked, t, l, looseAt = {}, 0, 0, 1, 1, nil
while looked < atMost and #found < wanted and bytes < mostBytes do
  if loose[l] and not looseAt then looseAt = looseTime(l) or -1 end
  -- All later ones of this source are too young as well.
  if timed[t] and timed[t][1] >= before then
    timed, isAllTimed = {}, true
  elseif looseAt and looseAt >= before then
    loose, isAllLoose, looseAt = {}, true, nil
  elseif not timed[t] and not loose[l] then
    break
  elseif not timed[t] and not isAllTimed or not loose[l] and not isAllLoose then
    -- The next run is unknown.
    break
  else
    looked = looked + 1
    local id, record
    if loose[l] and (looseAt == -1 or not timed[t] or looseAt < timed[t][1] or looseAt == timed[t][1] and looseSeqs[l] < timed[t][2]) then
      id, record, fresh = loose[l], looseAt ~= -1 and looseRecords[l], looseSeqs[l]
      l, looseAt = l + 1, nil
    else
      id, record, fromAt, fromSeq = timed[t][3], timedRecords[t], timed[t][1], timed[t][2]
      -- It has moved, and an earlier version did not update `changed`.
      if record and select(2, readHead(record)) ~= timed[t][1] then record = false end
      t = t + 1
    end
    bytes = bytes + addFitting(found, id, record, looked)
  end
end
local ended = isAllTimed and isAllLoose and not timed[t] and not loose[l]
return {
  looked, string.format('%.0f', fromAt), string.format('%.0f', fromSeq), string.format('%.0f', fresh), ended and 1 or 0, bytes, found,
}
