--[[
Finds the holder of a unique key (G7), for scripts that decide by it.
]]

--- Whether a run's time to start is over, though nothing has moved it yet.
local function isOverdue(run) return run[EXPIRES_AT] ~= 0 and expiryOf(run) <= now and run[STARTED_AT] == 0 end

--- Returns the run that a key names, whatever happened to it since.
local function runUnder(field)
  local raw = uniqueKeys().readKey(field)
  return raw and load(sub(raw, sub(raw, 1, 1) == 'w' and 8 or 2))
end

--- Returns the run that holds a key now.
local function holderOf(field)
  local raw = uniqueKeys().readKey(field)
  if not raw then return nil end
  if sub(raw, 1, 1) == 'w' then
    local ends = unpack1('>I6', raw, 2)
    return ends > now and sub(raw, 8) or nil
  end
  local id = sub(raw, 2)
  local run = load(id)
  if not run then return nil end
  local _, code = uniqueKeys().keysOf(run)
  return uniqueKeys().holdsByState(run, code) and not isOverdue(run) and id or nil
end
