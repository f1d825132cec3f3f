--[[
The watch over the connections of workers: who looks, how often, and how a look is hurried. Fields of `meta`:
looker, deputy (leases), lookedAt, lookEvery (ms, what the looker was told), lookPaused ('', 'alone' or 'idle'),
awayAt, awayUntil, away (who was missing after an outage; see look-at-peers.lua).
]]
-- While a run is held a look is worth its price; for a term alone a slower one keeps an idle fleet cheap.
local RUNS_EVERY, TERMS_EVERY = 50, 200

local function tellWatch(lease, message)
  if not lease or lease == '' then return 0 end
  return redis.pcall('PUBLISH', string.sub(K.meta, 1, -5) .. 'wake:' .. lease, message)
end

--- Makes the looker look now, after something began that it is to watch closely; if it is gone, its deputy.
local function hurryLooker(every)
  local watch = redis.call('HMGET', K.meta, 'looker', 'deputy', 'lookEvery', 'lookPaused')
  if not watch[1] or watch[4] == 'alone' then return end
  local paused = watch[4] == 'idle'
  if not paused and (tonumber(watch[3]) or 0) <= every then return end
  -- A pause ends here and not with the look: should the hint be lost, whoever polls finds the looker late.
  if paused then
    redis.call('HSET', K.meta, 'lookPaused', '', 'lookedAt', string.format('%.0f', now), 'lookEvery', every)
  end
  -- The deputy expects the looker's next heartbeat that soon: it may be the one that has just begun, and dies.
  tellWatch(watch[2], tellWatch(watch[1], 'look') == 0 and 'look' or 'beat ' .. every)
end
