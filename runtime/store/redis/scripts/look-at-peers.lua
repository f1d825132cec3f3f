--[[
The peer watch: one elected worker, the looker, finds workers with no connection left that listens for wake-ups. This is
a first filter: the caller then checks the calling connections of only those.
LP1  One worker polls per interval. A poll sends a heartbeat to the deputy, which receives it without polling. A deputy
    that receives none polls here, and takes over if the looker is gone or three intervals late; so does any worker that
    polls.
LP2  A pause is stored as one: no looker is late in it. It ends with the first claim of a run or the first term
    (watch-part.lua), or when a second worker joins.
LP3  After an outage, a time without polls, missing workers may be reconnecting: they are spared for twice that time, at
    most 4 s, until they show a new connection (R16).
LP4  A worker that was cut off repeatedly is exempt: its lease decides (see report-cut.lua).
keys: meta beats held terms workers cuts
input: time, lease
returns: { role, ms to the next call, then of each worker that may be gone: lease, its beats with a comma between }
writes: when full
uses: watch-part cuts-part
]]
-- A stall that cuts the connections of some workers but not the looker's lasts longer than the shortest outage.
local LONGEST_RECONNECT, OUTAGE, DEPUTY_SLACK = 4000, 1000, 25
local POLL_RUNS, POLL_IDLE, POLL_PAUSED = 2000, 10000, 2000
local me = ARGV[2]

local function text(number) return string.format('%.0f', number) end

--- Returns workers with their beats, lease -> { main, lease }, and the leases.
local function readBeats()
  local all, byLease, leases = redis.call('HGETALL', K.beats), {}, {}
  for i = 1, #all, 2 do
    local lease, role = string.match(all[i], '^(%S+) (%a+)$')
    if not byLease[lease] then
      byLease[lease] = {}
      leases[#leases + 1] = lease
    end
    byLease[lease][role] = all[i + 1]
  end
  return byLease, leases
end

--- Returns the leases whose channel has no subscriber. If the server doesn't tell, any lease may be one.
local function unheard(leases)
  local channels, prefix = {}, string.sub(K.meta, 1, -5) .. 'wake:'
  for i = 1, #leases do channels[i] = prefix .. leases[i] end
  local counts, found = {}, {}
  for first = 1, #channels, 1000 do
    local part = redis.pcall('PUBSUB', 'NUMSUB', unpack(channels, first, math.min(#channels, first + 999)))
    for i = 2, #part, 2 do counts[part[i - 1]] = part[i] end
  end
  for i = 1, #leases do found[leases[i]] = (counts[channels[i]] or 0) == 0 end
  return found
end

--- Returns the leases that lead any role, and whether there are any.
local function leaders()
  local all, found, any = redis.call('HGETALL', K.terms), {}, false
  for i = 2, #all, 2 do
    local term = cmsgpack.unpack(all[i])
    if term[6] and term[3] > now then
      found[term[6]], any = true, true
    end
  end
  return found, any
end

local beats, leases = readBeats()
if not beats[me] then return { 'none', POLL_RUNS } end
local stored = redis.call('HMGET', K.meta, 'looker', 'deputy', 'lookedAt', 'lookEvery', 'lookPaused', 'awayAt',
  'awayUntil', 'away')
local looker, deputy, paused = stored[1], stored[2], stored[5] or ''
local lookedAt, told = tonumber(stored[3]), tonumber(stored[4]) or RUNS_EVERY
local leads, anyLeads = leaders()
local holdsRuns = redis.call('ZCARD', K.held) > 0
local every = holdsRuns and RUNS_EVERY or TERMS_EVERY
local pause = #leases < 2 and 'alone' or not holdsRuns and not anyLeads and 'idle' or ''
local absent = unheard(leases)
local gap = lookedAt and paused == '' and now - lookedAt or 0
local vacant = not looker or not beats[looker] or paused == 'alone' or absent[looker] or gap > 3 * told or gap < 0

if looker ~= me and not vacant then
  if paused ~= '' then return { 'other', POLL_IDLE } end
  if deputy == me then return { 'deputy', told + DEPUTY_SLACK } end
  return { 'other', holdsRuns and POLL_RUNS or POLL_IDLE }
end

redis.call('HSET', K.meta, 'looker', me, 'lookedAt', text(now), 'lookEvery', every, 'lookPaused', pause)
if pause ~= '' then return { 'looker', pause == 'alone' and POLL_IDLE or POLL_PAUSED } end

local function isDeputy(lease) return lease and lease ~= me and beats[lease] and not absent[lease] end

if not isDeputy(deputy) then
  deputy = ''
  for i = 1, #leases do
    if isDeputy(leases[i]) then
      deputy = leases[i]
      break
    end
  end
  redis.call('HSET', K.meta, 'deputy', deputy)
end
-- In an idle fleet the leader is the worker to watch: another worker notices its death sooner than a deputy would.
local swaps = not holdsRuns and leads[me] and isDeputy(deputy) and not leads[deputy]
if swaps then
  redis.call('HSET', K.meta, 'looker', deputy, 'deputy', me)
  tellWatch(deputy, 'look')
else
  tellWatch(deputy, 'beat ' .. every)
end

-- LP3
local awayAt, awayUntil = tonumber(stored[6]) or 0, tonumber(stored[7]) or 0
local missing, away = {}, {}
if gap < 0 or gap > OUTAGE then
  awayAt, awayUntil = now, now + math.min(math.max(2 * gap, 0), LONGEST_RECONNECT)
  for i = 1, #leases do
    if absent[leases[i]] then missing[#missing + 1] = leases[i] end
  end
  redis.call('HSET', K.meta, 'awayAt', text(awayAt), 'awayUntil', text(awayUntil), 'away', cmsgpack.pack(missing))
elseif now < awayUntil and stored[8] then
  missing = cmsgpack.unpack(stored[8])
end
for i = 1, #missing do away[missing[i]] = true end

local function isBack(of)
  for _, beat in pairs(of) do
    if tonumber(string.match(beat, '%d+$')) >= awayAt then return true end
  end
  return false
end

local answer = { swaps and 'deputy' or 'looker', swaps and every + DEPUTY_SLACK or every }
for i = 1, #leases do
  local lease = leases[i]
  local of = beats[lease]
  local spared = away[lease] and not isBack(of) or absent[lease] and isExempt(lease)
  if lease ~= me and absent[lease] and not spared then
    answer[#answer + 1] = lease
    answer[#answer + 1] = (of.main or '') .. (of.main and of.lease and ',' or '') .. (of.lease or '')
  end
end
return answer
