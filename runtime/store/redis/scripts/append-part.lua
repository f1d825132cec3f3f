--[[
Appends one record to a journal, if it is the next position of a run that this lease and fence hold (R15).
Its tail is stored: phase B, flags B, attempt I2, duration d, waitedAt I4, path I2c0, body.
An entry of a journal is `at` I6, `until` I6 (0: none), then the tail; a dropped one is ''.
uses: entries-part
]]
local DONE = 4
local SUSPECT_FROM = --[[suspect]] 0

-- Whether a record cleared a poison suspect: its lease may take another one now (R17).
local cleared = false

--- Returns the reply and, if this call stored the record, the run's new stay, which the caller writes. `fence` is
--- bytes; `pause` is in ms plus one, 0 for none.
local function append(lease, stay, fence, position, pause, tail, journal)
  -- The stay begins with the fence's bytes.
  if not stay or string.sub(stay, 1, 6) ~= fence or string.sub(stay, 16) ~= lease then return 'g' end
  local last, bytes = struct.unpack('>I4I4', stay, 7)
  if position <= last then
    -- R34: this may be a late repeat of a record that was refused as early; another step's record may have that
    -- position now.
    local entry = redis.call('LINDEX', journal, position - 1)
    if not entry or entry == '' or string.byte(entry, 13) ~= string.byte(tail, 1) then return 'p' end
    return struct.unpack('>I2c0', entry, 29) == struct.unpack('>I2c0', tail, 17) and 't' or 'p'
  end
  if position > last + 1 then return 'p' end
  if string.byte(tail, 1) == DONE then
    local waitedAt = struct.unpack('>I4', tail, 13)
    if waitedAt ~= 0 then
      local entry = redis.call('LINDEX', journal, waitedAt - 1)
      local deadline = entry and entry ~= '' and struct.unpack('>I6', entry, 7) or 0
      if deadline > now then return 'e' .. struct.pack('>I6', deadline - now) end
    end
  end
  redis.call('RPUSH', journal, struct.pack('>I6I6', now, pause == 0 and 0 or now + pause - 1) .. tail)
  local weight = bytes + #tail + 46
  cleared = cleared or string.byte(stay, 15) >= SUSPECT_FROM
  return 't', fence .. struct.pack('>I4I4B', position, weight, 0) .. lease
end
