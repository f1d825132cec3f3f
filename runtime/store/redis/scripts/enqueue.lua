--[[
Inserts runs, one after the other; a known id joins when job and input are the same. Then a held unique key decides.
keys: all
input: time, then per run: msgpack { id, job, version, queue, priority, digest, start kind, start ms,
  expires in ms or false, timeout ms or 0, tags or false, unique key or false, its code or -ms of a window,
  on duplicate, limits or false, tick it is for or nothing }, given (headers and input)
returns: one letter per run: c created, j joined, r rejected by its id; with a unique key among them a list, where a
  run may follow: j joined it, d rejected since it holds the key, p created and it was replaced
uses: prelude limits-part unique-part
]]
local heads, ids = {}, {}
for i = 2, #ARGV, 2 do
  local head = cmsgpack.unpack(ARGV[i])
  heads[#heads + 1] = head
  ids[#ids + 1] = head[1]
end
preload(ids)

--- What the enqueues with a unique key were answered before, by place: a repeat answers the same.
local keyed, kept = {}, {}
do
  local requests = {}
  for i = 1, #heads do
    if heads[i][12] then
      keyed[#keyed + 1] = i
      requests[#requests + 1] = 'enqueue ' .. ids[i]
    end
  end
  local found = #keyed > 0 and call('HMGET', K.requests, unpack(requests)) or {}
  for k = 1, #keyed do kept[keyed[k]] = found[k] end
end

--- The answer that was kept, or a conflict where the id stood for something else.
local function answerBefore(raw, job, digest)
  local job_, digest_, answer = string.match(raw, '^(%Z*)%z(%Z*)%z(.*)$')
  return job_ == job and digest_ == digest and answer or 'r'
end

local tombs = {}
for i = 1, #ids do tombs[i] = 't' .. ids[i] end
local removed = call('ZMSCORE', K.forget, unpack(tombs))

local answers, fresh, created = {}, {}, {}
for i = 1, #heads do
  local id, job, digest = heads[i][1], heads[i][2], heads[i][6]
  local known = runs[id]
  if kept[i] then
    answers[i] = answerBefore(kept[i], job, digest)
  elseif known then
    local same = known[JOB] == job and (extrasOf(known).d or '') == digest
    answers[i] = same and 'j' or 'r'
  elseif created[id] then
    local first = heads[created[id]]
    answers[i] = first[2] == job and first[6] == digest and created[id] or 'r'
  elseif removed[i] then
    answers[i] = 'j'
  else
    answers[i] = 'c'
    created[id] = i
    fresh[#fresh + 1] = i
  end
end

--- A run that comes twice in one call is answered as the first one was.
local function replies()
  for i = 1, #answers do
    local first = answers[i]
    if type(first) == 'number' then answers[i] = answers[first] == 'c' and 'j' or answers[first] end
  end
  return #keyed > 0 and answers or table.concat(answers)
end
if #fresh == 0 then return replies() end

--- Where the input stands: in the record, or beside it.
local function keepGiven(id, given)
  if #given <= LARGEST_INLINE then return given end
  hset(K.payloads, 'i' .. id, given)
  return ''
end

local function newRun(head, seq, given)
  local id, job, version, queue, priority, digest, start, startMs, expiresInMs, timeoutMs, tags, key, code, _, takes, tick =
    unpack(head)
  local readyAt = start == 'now' and now or start == 'in' and now + startMs or startMs
  local scheduled = readyAt > now
  local run = freshTail({
    scheduled and SCHEDULED or READY, priority, version, seq, now, job, queue, '', keepGiven(id, given),
  })
  run[ID], run[TIMEOUT] = id, timeoutMs
  if scheduled then run[WAKE_AT] = readyAt end
  if expiresInMs then run[EXPIRES_AT] = math.max(readyAt, now) + expiresInMs end
  if digest ~= '' then setExtra(run, 'd', digest) end
  if tick then setExtra(run, 's', tick) end
  if takes then setExtra(run, 'L', { [''] = { t = takes } }) end
  if key then setExtra(run, 'u', { key, code < 0 and now - code or code }) end
  if tags then
    setExtra(run, 't', tags)
    for i = 1, #tags do zadd(K.tags, tags[i] .. '\0' .. pack('>I6', seq) .. id, 0) end
  end
  return run, readyAt
end

-- Functions are made anew in every call: these only for keys.
local admitByKey, keep
if #keyed > 0 then
  local made = {}

  --- A run that this call has inserted may move only once it is written (L3).
  local function moveHolder(run, transition)
    if made[run[ID]] then flush() end
    place(run, transition)
  end

  --- What the key of a run decides: 'c', or a letter and the holder. A run that is to be inserted has taken its key then.
  function admitByKey(head)
    local id, key, code, onDuplicate = head[1], head[12], head[13], head[14]
    local field = head[2] .. '\0' .. key
    local raw = uniqueKeys().readKey(field)
    local held = raw and load(sub(raw, sub(raw, 1, 1) == 'w' and 8 or 2))
    if held and held[STATE] < COMPLETED and isOverdue(held) then moveHolder(held, 'expire') end
    local holder, answer = holderOf(field), 'c'
    if holder and onDuplicate == 'join' then return 'j' .. holder end
    if holder then
      local replaceable = onDuplicate == 'replace' and held and held[STATE] < COMPLETED and held[STARTED_AT] == 0
      if not replaceable then return 'd' .. holder end
      local write = { by = 'enqueue', reason = 'replaced by run ' .. id }
      moveHolder(held, 'cancel')
      note(held, { kind = 'cancel', by = write.by, reason = write.reason })
      setExtra(held, 'c', write)
      answer = 'p' .. holder
    end
    if code < 0 then
      uniqueKeys().writeKey(field, 'w' .. pack('>I6', now - code) .. id)
      zadd(K.forget, 'k' .. field, now - code)
    else
      uniqueKeys().writeKey(field, 'r' .. id)
    end
    made[id] = true
    return answer
  end

  --- A repeat that comes after the holder's end must make no run.
  function keep(n, answer)
    local id, job, digest = heads[n][1], heads[n][2], heads[n][6]
    answers[n] = answer
    keepAnswer('enqueue ' .. id, job .. '\0' .. digest .. '\0' .. answer)
  end
end

-- Workers know when the earliest timer is due; an earlier one is news to them.
local head = call('ZRANGE', K.due, 0, 0, 'WITHSCORES')
local firstDue = tonumber(head[2]) or math.huge
local last = call('HINCRBY', K.meta, 'seq', #fresh)
local function insert(n, seq)
  local run, readyAt = newRun(heads[n], seq, ARGV[1 + n * 2])
  runs[run[ID]] = run
  markDirty(run)
  measure(run, 'enqueue')
  local line = run[STATE] == READY and hasLimits(run) and limits().pass(run)
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

for i = 1, #fresh do
  local n = fresh[i]
  local answer = heads[n][12] and admitByKey(heads[n]) or 'c'
  if answer == 'c' or sub(answer, 1, 1) == 'p' then insert(n, last - #fresh + i) end
  if answer ~= 'c' then keep(n, answer) end
end
finish()
return replies()
