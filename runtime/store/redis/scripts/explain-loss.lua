--[[
Records what ended the task of a lost worker, once. If the runs are not to blame, takes back the loss of each of the
first ones (LW2 to LW4 in store/lost-workers.ts).
keys: all
input: time, lease, death as msgpack, its kind, 1 if the runs are not to blame, else 0, texts for the histories: of a
  loss that counts, of one that is taken back, of one of a run that has failed as poisoned
returns: 1 explained, now or before; 0 no such lost worker is known; 2 call again
writes: when full
uses: prelude limits-part failures-part count-failure-part coordination-part leases-part lease-ends-part take-back-part
]]
local lease, kind, blameless = ARGV[2], ARGV[4], ARGV[5] == '1'
local STANDS, TAKEN_BACK, TOO_LATE = 6, 7, 8
local lost = lostWorker(lease)
if not lost then return 0 end
if lost.death then return 1 end
local status = readStatus(lease)
if status and status.ended ~= 0 then
  -- A bounded number of its runs is reclaimed at a time: reclaim the rest first.
  reclaim(lease, status.ended == ENDED_AS.exit and 'exit' or 'lease')
  finish()
  return 2
end

local function isGivenUp(run)
  if run[STATE] == FAILED then return mayHave(run, 'f') and extrasOf(run).f == POISONED_FINGERPRINT .. run[JOB] end
  -- A worker that holds it now is about to fail it.
  return run.stayFence and run[STREAK] >= POISON_LIMIT
end

--- Shortens the pause of a run that waits after its loss to that of the remaining streak.
local function shorten(run, streak)
  if run[STATE] ~= WAITING or run[WAKE_AT] ~= lost.at + lossDelay(streak) then return setStreak(run, streak - 1) end
  local at = lost.at + lossDelay(streak - 1)
  if at <= now then return place(run, 'wake', { [STREAK] = streak - 1 }) end
  run[WAKE_AT] = at
  setExtra(run, 'w', { 'retry', at })
  zadd(K.due, run[ID], dueAt(run))
  setStreak(run, streak - 1)
end

local takenBack = 0

local function explain(id, losses, streak)
  local run = load(id)
  if not run then return end
  local line = { kind = 'explained', worker = lost.name, reason = ARGV[STANDS] }
  local still = blameless and loadLost(id, losses, streak)
  if blameless and isGivenUp(run) then line.reason = ARGV[TOO_LATE]
  elseif still then
    line.reason, line.cause = ARGV[TAKEN_BACK], lost.by
    takenBack = takenBack + 1
    shorten(run, streak)
  end
  note(run, line)
end

local losses = call('HGET', K.lost, 'r' .. lease)
losses = losses and cmsgpack.unpack(losses) or {}
for i = 1, #losses do explain(unpack(losses[i])) end
lost.death = cmsgpack.unpack(ARGV[3])
hset(K.lost, 'w' .. lease, cmsgpack.pack(lost))
logOperation({
  operation = 'loss explained', subject = lost.name, count = takenBack, reason = ARGV[STANDS], details = { cause = kind },
})
finish(true)
return 1
