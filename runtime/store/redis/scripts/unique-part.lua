--[[
Who holds a unique key (G7), for scripts that decide by it.
]]

--- A holder that nobody has moved yet, but whose time to start is over.
local function isOverdue(run) return run[EXPIRES_AT] ~= 0 and expiryOf(run) <= now and run[STARTED_AT] == 0 end

--- The run that a key stands for, whatever became of it since.
local function runUnder(field)
  local raw = uniqueKeys().readKey(field)
  return raw and load(sub(raw, sub(raw, 1, 1) == 'w' and 8 or 2))
end

--- The run that holds a key now.
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
