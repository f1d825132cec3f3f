--[[
Inserts runs; a known id joins when job and input are the same.
keys: all
input: time, then per run: msgpack { id, job, version, queue, priority, digest, start kind, start ms,
  expires in ms or false, timeout ms or 0, tags or false, limits or false }, given (headers and input)
returns: one letter per run: c created, j joined, r rejected
uses: prelude limits-part
]]
local heads, ids = {}, {}
for i = 2, #ARGV, 2 do
  local head = cmsgpack.unpack(ARGV[i])
  heads[#heads + 1] = head
  ids[#ids + 1] = head[1]
end
preload(ids)

local tombs = {}
for i = 1, #ids do tombs[i] = 't' .. ids[i] end
local removed = call('ZMSCORE', K.forget, unpack(tombs))

local answers, fresh, created = {}, {}, {}
for i = 1, #heads do
  local id, job, digest = heads[i][1], heads[i][2], heads[i][6]
  local known = runs[id]
  if known then
    local same = known[JOB] == job and (extrasOf(known).d or '') == digest
    answers[i] = same and 'j' or 'r'
  elseif created[id] then
    local first = heads[created[id]]
    answers[i] = first[2] == job and first[6] == digest and 'j' or 'r'
  elseif removed[i] then
    answers[i] = 'j'
  else
    answers[i] = 'c'
    created[id] = i
    fresh[#fresh + 1] = i
  end
end
if #fresh == 0 then return table.concat(answers) end

--- Where the input stands: in the record, or beside it.
local function keepGiven(id, given)
  if #given <= LARGEST_INLINE then return given end
  hset(K.payloads, 'i' .. id, given)
  return ''
end

local function newRun(head, seq, given)
  local id, job, version, queue, priority, digest, start, startMs, expiresInMs, timeoutMs, tags, takes = unpack(head)
  local readyAt = start == 'now' and now or start == 'in' and now + startMs or startMs
  local scheduled = readyAt > now
  local run = freshTail({
    scheduled and SCHEDULED or READY, priority, version, seq, now, job, queue, '', keepGiven(id, given),
  })
  run[ID], run[TIMEOUT] = id, timeoutMs
  if scheduled then run[WAKE_AT] = readyAt end
  if expiresInMs then run[EXPIRES_AT] = math.max(readyAt, now) + expiresInMs end
  if digest ~= '' then setExtra(run, 'd', digest) end
  if takes then setExtra(run, 'L', { [''] = { t = takes } }) end
  if tags then
    setExtra(run, 't', tags)
    for i = 1, #tags do zadd(K.tags, tags[i] .. '\0' .. pack('>I6', seq) .. id, 0) end
  end
  return run, readyAt
end

-- Workers know when the earliest timer is due; an earlier one is news to them.
local head = call('ZRANGE', K.due, 0, 0, 'WITHSCORES')
local firstDue = tonumber(head[2]) or math.huge
local last = call('HINCRBY', K.meta, 'seq', #fresh)
for i = 1, #fresh do
  local n = fresh[i]
  local run, readyAt = newRun(heads[n], last - #fresh + i, ARGV[1 + n * 2])
  runs[run[ID]] = run
  markDirty(run)
  measure(run, 'enqueue')
  local line = run[STATE] == READY and hasLimits(run) and limits().enter(run)
  if line then
    run[STATE] = WAITING
    setExtra(run, 'w', { 'limit', 0, line })
    measure(run, 'line up')
  end
  enterPlace(run)
  if run[STATE] == SCHEDULED and readyAt < firstDue and readyAt - now < LONGEST_POLL then countWake(run) end
  local due = dueAt(run)
  if due ~= 0 then firstDue = math.min(firstDue, due) end
end
finish()
return table.concat(answers)
