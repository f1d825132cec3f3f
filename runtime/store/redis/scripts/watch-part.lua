--[[
The peer watch over the connections of workers: which worker polls, how often, and how to hurry a poll. Fields of
`meta`: looker, deputy (leases), lookedAt, lookEvery (ms, the looker's last interval), lookPaused ('', 'alone' or
'idle'), awayAt, awayUntil, away (workers missing after an outage; see look-at-peers.lua).
]]
-- While a run is held, frequent polls pay off; for a term alone, slower ones keep an idle fleet cheap.
local RUNS_EVERY, TERMS_EVERY = 50, 200

local function tellWatch(lease, message)
  if not lease or lease == '' then return 0 end
  return redis.pcall('PUBLISH', string.sub(K.meta, 1, -5) .. 'wake:' .. lease, message)
end

--- Makes the looker poll now, because something began that it must watch closely; if it is gone, its deputy.
local function hurryLooker(every)
  local watch = redis.call('HMGET', K.meta, 'looker', 'deputy', 'lookEvery', 'lookPaused')
  if not watch[1] or watch[4] == 'alone' then return end
  local paused = watch[4] == 'idle'
  if not paused and (tonumber(watch[3]) or 0) <= every then return end
  -- The pause ends here and not with the poll: if the hint is lost, the next worker that polls finds the looker late.
  if paused then
    redis.call('HSET', K.meta, 'lookPaused', '', 'lookedAt', string.format('%.0f', now), 'lookEvery', every)
  end
  -- The deputy expects the looker's next heartbeat that soon: the looker may be the worker that just began, and die.
  tellWatch(watch[2], tellWatch(watch[1], 'look') == 0 and 'look' or 'beat ' .. every)
end
