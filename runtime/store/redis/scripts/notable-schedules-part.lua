--[[ Schedules that an overview shows. ]]

--- Returns the schedules among `scanned` that `isNotable` of store/schedules.ts selects, as read-schedules returns
--- them, at most `most` and of so many bytes together. The second result says whether there may be more.
local function notableSchedules(most, scanned, bytes, lateMs, recentMs)
  local all, more = entriesOf(K.schedules, scanned)
  local late = {}
  local due = call('ZRANGEBYSCORE', K.schedulesDue, '-inf', wall - lateMs, 'LIMIT', 0, scanned)
  for i = 1, #due do late[sub(due[i], 2)] = true end

  --- A quick check, as most are not notable: as msgpack they have none of these names, each after its length.
  local function mayBe(name, packed)
    local find = string.find
    return late[name] or find(packed, '\166paused', 1, true) or find(packed, '\166missed', 1, true)
      or find(packed, '\164late', 1, true) or find(packed, '\169caught up', 1, true)
  end

  local function isNotable(s)
    if s.paused then return true end
    local dueAt = s.planned and s.due or not s.planned and s.since
    if not s.dropped and dueAt and wall - dueAt >= lateMs then return true end
    local last = s.last
    if not last or wall - last.at > recentMs then return false end
    return last.outcome == 'late' or last.outcome == 'caught up' or last.outcome == 'skipped' and last.why == 'missed'
  end

  local found = {}
  for i = 1, #all, 2 do
    if mayBe(all[i], all[i + 1]) and isNotable(cmsgpack.unpack(all[i + 1])) then
      local spec = call('HGET', K.scheduleSpecs, all[i])
      bytes = bytes - #(spec or '')
      if #found == most or bytes < 0 then return found, true end
      if spec then found[#found + 1] = { all[i], all[i + 1], spec } end
    end
  end
  return found, more
end
