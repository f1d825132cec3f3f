--[[
Appends one record to a journal: accepted only as the next position of a run that this lease and fence hold (R15).
A record is two arguments: the run's id, and a frame of fence I6, position I4, pause in ms plus one I6 (0: no pause),
then the tail that is stored: phase B, flags B, attempt I2, duration d, waitedAt I4, path I2c0, body.
An entry of a journal is `at` I6, `until` I6 (0: none), then the tail; a dropped one is ''.
]]
local DONE = 4
local SUSPECT_FROM = --[[suspect]] 0

-- Whether a record made a poison suspect as good as new: its lease may take another one now (R17).
local cleared = false

--- The answer, and whether the record was stored by this call.
local function append(lease, id, frame, journal)
  local stay = redis.call('HGET', K.stays, id)
  -- The fence's bytes stand first in both.
  if not stay or string.sub(stay, 1, 6) ~= string.sub(frame, 1, 6) or string.sub(stay, 16) ~= lease then return 'g' end
  local _, position, pause = struct.unpack('>I6I4I6', frame)
  local fence, last, bytes = struct.unpack('>I6I4I4', stay)
  if position <= last then
    -- R34: a late repeat of a record that was refused as early may have taken the place since: then it is another step's.
    local entry = redis.call('LINDEX', journal, position - 1)
    if not entry or entry == '' or string.byte(entry, 13) ~= string.byte(frame, 17) then return 'p' end
    return struct.unpack('>I2c0', entry, 29) == struct.unpack('>I2c0', frame, 33) and 't' or 'p'
  end
  if position > last + 1 then return 'p' end
  if string.byte(frame, 17) == DONE then
    local waitedAt = struct.unpack('>I4', frame, 29)
    if waitedAt ~= 0 then
      local entry = redis.call('LINDEX', journal, waitedAt - 1)
      local deadline = entry and entry ~= '' and struct.unpack('>I6', entry, 7) or 0
      if deadline > now then return 'e' .. string.format('%.0f', deadline - now) end
    end
  end
  local tail = string.sub(frame, 17)
  redis.call('RPUSH', journal, struct.pack('>I6I6', now, pause == 0 and 0 or now + pause - 1) .. tail)
  local weight = bytes + #tail + 46
  cleared = cleared or string.byte(stay, 15) >= SUSPECT_FROM
  redis.call('HSET', K.stays, id, struct.pack('>I6I4I4B', fence, position, weight, 0) .. lease)
  return 't', true
end
