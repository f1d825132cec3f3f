--[[ Held runs that an overview shows. ]]

--- Returns the runs held longest among `scanned`, at most `most`: { run, job, queue, version, worker, ms }. The second
--- result says whether there are others.
local function longestHeld(most, scanned)
  local LEASE_LENGTH = 36
  local members = call('ZRANGEBYLEX', K.held, '-', '+', 'LIMIT', 0, scanned + 1)
  local more = #members > scanned
  local ids, fences = {}, {}
  for i = 1, math.min(#members, scanned) do ids[i] = sub(members[i], LEASE_LENGTH + 1) end
  -- A fence is usually the time of the claim.
  local stays = valuesOf('HMGET', K.stays, ids)
  for i = 1, #stays do fences[i] = stays[i] and unpack1('>I6', stays[i]) or math.huge end
  local sorted = { unpack(fences) }
  table.sort(sorted)
  local last, chosen, places = sorted[math.min(most, #sorted)], {}, {}
  for i = 1, #fences do
    if fences[i] <= last and fences[i] < math.huge and #chosen < most then
      chosen[#chosen + 1] = ids[i]
      places[#chosen] = i
    end
  end

  local names, found = {}, {}
  local function workerOf(lease)
    if names[lease] == nil then
      local raw = call('HGET', K.workers, lease)
      names[lease] = raw and cmsgpack.unpack(raw).name or ''
    end
    return names[lease]
  end
  local records = valuesOf('HMGET', K.runs, chosen)
  for i = 1, #chosen do
    local record = records[i]
    if record then
      local _, _, version, _, _, job, queue, _, _, tail = unpack1('>BhI4I6I6ssI2c0I2c0', record)
      -- A run ordered to stop has changed since its claim.
      local since = math.min(fences[places[i]], (unpack1('>I6', record, tail + 49)))
      local lease = sub(members[places[i]], 1, LEASE_LENGTH)
      found[#found + 1] = { chosen[i], job, queue, version, workerOf(lease), math.max(0, now - since) }
    end
  end
  return found, more
end
