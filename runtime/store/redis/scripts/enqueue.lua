--[[
Inserts runs, one after the other; a known id joins when job and input are the same. Then a held unique key decides.
keys: all
input: time, then per run: msgpack { id, job, version, queue, priority, digest, start kind, start ms,
  expires in ms or false, timeout ms or 0, tags or false, unique key or false, its code or -ms of a window,
  on duplicate, limits or false, tick it is for, canonical digest, canonical key, schedule }, headers and input; false
  values at the end of a head are left out
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

--- Retained replies to earlier enqueues with a unique key, by position: a repeat gets the same reply.
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

--- Whether a head has this job and input, by either digest: a run of an earlier release has only the written one.
local function isSame(head, job, digest, canonical)
  if head[2] ~= job then return false end
  return head[6] == digest or (head[17] or head[6]) == (canonical or digest)
end

--- Returns the retained reply, or a conflict if the id was for another job or input.
local function answerBefore(raw, head)
  local job, digest, answer = string.match(raw, '^(%Z*)%z(%Z*)%z(.*)$')
  local canonical = call('HGET', K.requests, 'canonical ' .. head[1])
  return isSame(head, job, digest, canonical) and answer or 'r'
end

local tombs = {}
for i = 1, #ids do tombs[i] = 't' .. ids[i] end
local removed = call('ZMSCORE', K.forget, unpack(tombs))

-- By id, the decisions of this call so far: a repeated id is decided after its earlier occurrences.
local answers, fresh, seen = {}, {}, {}
for i = 1, #heads do
  local id = heads[i][1]
  local known = runs[id]
  if kept[i] then
    answers[i] = answerBefore(kept[i], heads[i])
  elseif known then
    local extras = extrasOf(known)
    answers[i] = isSame(heads[i], known[JOB], extras.d or '', extras.D) and 'j' or 'r'
  elseif seen[id] then
    fresh[#fresh + 1] = i
  elseif removed[i] then
    answers[i] = 'j'
  else
    seen[id] = {}
    fresh[#fresh + 1] = i
  end
end

local function replies() return #keyed > 0 and answers or table.concat(answers) end
if #fresh == 0 then return replies() end

--- Stores the input in the record, or beside it.
local function keepGiven(id, given)
  if #given <= LARGEST_INLINE then return given end
  hset(K.payloads, 'i' .. id, given)
  return ''
end

local function newRun(head, seq, given)
  local id, job, version, queue, priority, digest, start, startMs, expiresInMs, timeoutMs, tags, key, code, _, takes, tick, canonical,
    canonicalKey, schedule = unpack(head, 1, 19)
  local readyAt = start == 'now' and now or start == 'in' and now + startMs or startMs - wall + now
  local scheduled = readyAt > now
  local run = freshTail({
    scheduled and SCHEDULED or READY, priority, version, seq, now, job, queue, '', keepGiven(id, given),
  })
  run[ID], run[TIMEOUT] = id, timeoutMs
  if scheduled then run[WAKE_AT] = readyAt end
  if scheduled and start == 'at' then setExtra(run, 'i', startMs) end
  if expiresInMs then run[EXPIRES_AT] = math.max(readyAt, now) + expiresInMs end
  if digest ~= '' then setExtra(run, 'd', digest) end
  if canonical then setExtra(run, 'D', canonical) end
  if tick then setExtra(run, 's', tick) end
  if schedule then setExtra(run, 'S', schedule) end
  if takes then setExtra(run, 'L', { [''] = { t = takes } }) end
  if key then setExtra(run, 'u', { key, code < 0 and now - code or code, canonicalKey or nil }) end
  if tags then
    setExtra(run, 't', tags)
    for i = 1, #tags do zadd(K.tags, tags[i] .. '\0' .. pack('>I6', seq) .. id, 0) end
  end
  return run, readyAt
end

-- Each call makes its functions anew: these only if there are keys.
local admitByKey, keep
if #keyed > 0 then
  local made = {}

  --- A run that this call has inserted may move only once it is written (L3).
  local function moveHolder(run, transition)
    if made[run[ID]] then flush() end
    place(run, transition)
  end

  --- Returns the run under a key and whether it holds the key. Expires a run whose time to start is over.
  local function meet(field)
    local held = runUnder(field)
    if held and held[STATE] < COMPLETED and isOverdue(held) then moveHolder(held, 'expire') end
    return holderOf(field), held
  end

  --- Decides a run by its keys: 'c', or a letter and the holder. A run to insert has taken its keys afterwards.
  function admitByKey(head)
    local id, job, code, onDuplicate = head[1], head[2], head[13], head[14]
    local fields = { head[18] and job .. '\0' .. head[18] or job .. '\0' .. head[12] }
    if head[18] then fields[2] = job .. '\0' .. head[12] end
    -- Two keys have two holders only if an earlier release took one of them for another input.
    local holder, replaced = nil, {}
    for i = 1, #fields do
      local other, held = meet(fields[i])
      if other and onDuplicate == 'join' then return 'j' .. other end
      if other and other ~= holder then
        local replaceable = onDuplicate == 'replace' and held and held[STATE] < COMPLETED and held[STARTED_AT] == 0
        if not replaceable then return 'd' .. other end
        holder = holder or other
        replaced[#replaced + 1] = held
      end
    end
    for i = 1, #replaced do
      local write = { by = 'enqueue', reason = 'replaced by run ' .. id }
      moveHolder(replaced[i], 'cancel')
      note(replaced[i], { kind = 'cancel', by = write.by, reason = write.reason })
      setExtra(replaced[i], 'c', write)
    end
    for i = 1, #fields do
      if code < 0 then
        uniqueKeys().writeKey(fields[i], 'w' .. pack('>I6', now - code) .. id)
        zadd(K.forget, 'k' .. fields[i], now - code)
      else
        uniqueKeys().writeKey(fields[i], 'r' .. id)
      end
    end
    made[id] = true
    return holder and 'p' .. holder or 'c'
  end

  --- Retains the reply: a repeat after the holder's end must not create a run.
  function keep(n, answer)
    local id, job, digest, canonical = heads[n][1], heads[n][2], heads[n][6], heads[n][17]
    answers[n] = answer
    keepAnswer('enqueue ' .. id, job .. '\0' .. digest .. '\0' .. answer)
    if canonical then keepAnswer('canonical ' .. id, canonical) end
  end
end

-- Workers know when the earliest timer is due; they must learn of an earlier one.
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
  if run[STATE] ~= READY then tally(run, nil, run[STATE]) end
  enterPlace(run)
  if run[STATE] == SCHEDULED and readyAt < firstDue and readyAt - now < LONGEST_POLL then countWake(run) end
  local due = dueAt(run)
  if due ~= 0 then firstDue = math.min(firstDue, due) end
end

for i = 1, #fresh do
  local n = fresh[i]
  local head = heads[n]
  local before = seen[head[1]]
  -- As a later call would decide: by the reply retained for its key, else by the run.
  local again = head[12] and before.kept
  local first = again or before.inserted
  if first then
    local same = isSame(head, first[2], first[6], first[17])
    answers[n] = same and (again and before.answer or 'j') or 'r'
  else
    local answer = head[12] and admitByKey(head) or 'c'
    answers[n] = answer
    if answer == 'c' or sub(answer, 1, 1) == 'p' then
      insert(n, last - #fresh + i)
      before.inserted = head
    end
    if answer ~= 'c' then
      keep(n, answer)
      before.kept, before.answer = head, answer
    end
  end
end
finish()
return replies()
