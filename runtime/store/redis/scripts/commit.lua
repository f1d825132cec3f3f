--[[
Appends records and settles runs; each entry has its own fence and reply.
keys: all + the journals the entries need
input: time, lease, entries (see entries-part)
returns: { drain order, 'cancelled ids' }, the replies (entry-batch.ts): as append, or s settled, c continue
writes: when full
uses: prelude limits-part failures-part count-failure-part append-part settle-part
]]
local lease = ARGV[2]

--- In the same script: a slot is never free before its step's end is stored. A late repeat ends no newer attempt.
local function endAttempt(id, tail)
  local run = load(id)
  if not run or not hasLimits(run) then return end
  local attempt, path = unpack1('>I2', tail, 3), unpack1('>I2c0', tail, 17)
  local admission = limits().admissionsOf(run)[path]
  if admission and path ~= '' and admission.a == attempt then limits().endUse(run, path, admission) end
end

local entries, replies, unwritten = readEntries(ARGV[3]), {}, {}
for i = 1, #entries do
  local entry = entries[i]
  local kind, id = entry[1], entry[2]
  if kind == 's' then
    replies[i] = settle(lease, entry)
    unwritten[id] = true
  else
    -- The effects of the settlement before must be visible.
    if unwritten[id] then
      flush()
      unwritten = {}
    end
    local _, _, journal, fence, position, pause, tail, mark = unpack(entry)
    local stay = call('HGET', K.stays, id)
    local reply, changed = append(lease, stay, fence, position, pause, tail, KEYS[STATIC_KEYS + journal])
    if changed then call('HSET', K.stays, id, changed) end
    -- The record moved the position.
    staysAhead[id] = nil
    if kind == 'e' and reply == 't' then endAttempt(id, tail) end
    if changed and mark ~= '' then countFailure(load(id), cmsgpack.unpack(mark), 'step') end
    replies[i] = reply
  end
end
staysAhead = {}
if cleared and call('ZCARD', K.suspects) > 0 then woken[lease] = true end
finish()
return { ordersOf(readStatus(lease)), table.concat(replies) }
