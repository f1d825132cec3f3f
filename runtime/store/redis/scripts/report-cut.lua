--[[
Reports that the process of a lease presumed dead by its peers lives: it was cut off from the store. Takes the loss of
each of its runs back from the streak, once per run and fence, unless the run has stored an entry or was lost again
since. `losses` doesn't change.
keys: all
input: time, lease
returns: 1 its peers presumed it dead; 0 not: its lease lives, expired or was resigned, or was never known; 2 call again
writes: when full
uses: prelude limits-part failures-part count-failure-part coordination-part leases-part lease-ends-part cuts-part count-cut-part take-back-part
]]
local lease = ARGV[2]
local status = readStatus(lease)
if status and status.ended == ENDED_AS.exit then
  -- A bounded number of its runs is reclaimed at a time: reclaim the rest first.
  reclaim(lease, 'exit')
  finish()
  return 2
end
local field = 'l' .. lease
local raw = call('HGET', K.cuts, field)
if not raw then return 0 end
local cut = cmsgpack.unpack(raw)
if cut.reported then return 1 end

local function takeBack(id, losses, streak)
  local run = loadLost(id, losses, streak)
  if not run then return end
  local known = mayHave(run, 'k') and extrasOf(run).k
  -- A new entry since the last cut resets the count.
  local cuts = known and known[2] == run[POSITION] and known[1] or 0
  setExtra(run, 'k', { cuts + 1, run[POSITION] })
  note(run, { kind = 'cut', worker = cut.worker, reason = 'its worker lives: it was cut off from the store' })
  setStreak(run, streak - 1)
end

for i = 1, #cut.losses do takeBack(unpack(cut.losses[i])) end
hset(K.cuts, field, cmsgpack.pack({ reported = true }))
logOperation({ operation = 'worker cut', subject = cut.worker, count = #cut.losses })
flush()
countCut(cut.worker)
finish(true)
return 1
