--[[
Chooses the ready runs that a claim takes. It reads the queues in rotation until it has enough, and forgets empty
classes once there are many: recreating one costs an enqueue little, but reading it costs every claim. Included by
claim.lua: it uses `lease`, `n`, `max` and `level`, and adds to `left` and `suspectLeft`.
]]
--- Returns members of the best ready runs that this worker may take, and whether there are more: one of each queue in
--- rotation, beginning at another queue each time, or all of one queue before the next in strict order; at most one
--- suspect.
local function choose()
  local worker = cmsgpack.unpack(call('HGET', K.workers, lease))
  local isSound = call('ZCARD', K.suspects) == 0
  local suspects = not isSound and not holdsSuspect(lease)
  local chosen, suspectTaken, isLeft = {}, false, false
  local empty, emptyCount = {}, 0

  local function headsOf(key, code, limit) return call('ZRANGEBYLEX', key, '[' .. code, '(' .. code .. '\255', 'LIMIT', 0, limit) end

  --- Counts the ready runs of a class that may not be taken, as a claim would take them.
  local function countLeft(code)
    local from, to = '[' .. code, '(' .. code .. '\255'
    left = math.min(MOST_LEFT, left + call('ZLEXCOUNT', K.ready, from, to))
    return suspects and call('ZLEXCOUNT', K.suspects, from, to) > 0
  end

  --- Returns the open queues that may have runs for this worker, each a list of its classes; and the same by name.
  local function openQueues()
    local wanted
    if worker.queues then
      wanted = {}
      for i = 1, #worker.queues do wanted[worker.queues[i]] = true end
    end
    local paused = {}
    local names = call('HKEYS', K.paused)
    for i = 1, #names do paused[names[i]] = true end
    local queues, byName = {}, {}
    preloadClasses(worker.jobs)
    for j = 1, #worker.jobs do
      local job = worker.jobs[j]
      local known = jobClasses(job.name)
      for i = 1, #known, 3 do
        local name, version = known[i + 1], known[i + 2]
        if version % PROTECTED_FROM <= job.version and not paused[name] and (not wanted or wanted[name]) then
          local queue = byName[name]
          if version >= PROTECTED_FROM and level ~= TAKES then
            suspectLeft = countLeft(pack('>I4', known[i])) or suspectLeft
          elseif queue then
            queue[#queue + 1] = known[i]
          else
            queue = { known[i] }
            byName[name] = queue
            queues[#queues + 1] = queue
          end
        end
      end
    end
    return queues, byName
  end

  --- Reads the best runs of a queue, at least its first `count`: { order, member, suspect } each.
  local function readHeads(queue, count)
    local heads, classes = {}, 0
    queue.heads, queue.count, queue.hasMore = heads, count, false
    for c = 1, #queue do
      local code = pack('>I4', queue[c])
      local found, bad = headsOf(K.ready, code, count), suspects and headsOf(K.suspects, code, 1) or {}
      if #found == count then queue.hasMore = true end
      if #found + #bad > 0 then classes = classes + 1
      elseif not empty[queue[c]] then
        empty[queue[c]] = true
        emptyCount = emptyCount + 1
      end
      for h = 1, #found do heads[#heads + 1] = { sub(found[h], 5, 12), found[h] } end
      if bad[1] then heads[#heads + 1] = { sub(bad[1], 5, 12), bad[1], true } end
    end
    if classes > 1 or suspects then table.sort(heads, function(a, b) return a[1] < b[1] end) end
  end

  --- Takes one run of each of these queues per round, until none is left. Returns whether there are more runs than
  --- wanted.
  local function takeFrom(turn)
    -- Twice the number needed if all queues have runs.
    local first, i = math.min(max + 1, math.ceil(2 * (max + 1) / #turn)), 1
    while #turn > 0 do
      local others = {}
      for q = 1, #turn do
        local queue = turn[q]
        if not queue.heads then readHeads(queue, first)
        elseif i > queue.count and queue.hasMore then readHeads(queue, math.max(i, math.min(max + 1, 4 * queue.count))) end
        local head = queue.heads[i]
        if head then
          others[#others + 1] = queue
          if head[3] and suspectTaken then
            isLeft = true
          elseif #chosen == max then
            return true
          else
            suspectTaken = suspectTaken or head[3]
            chosen[#chosen + 1] = head[2]
          end
        end
      end
      turn, i = others, i + 1
    end
    return false
  end

  local queues, byName = openQueues()
  local isFull = false
  if worker.queueOrder == 'strict' and worker.queues then
    for i = 1, #worker.queues do
      local queue = byName[worker.queues[i]]
      if queue and not queue.heads and not isFull then isFull = takeFrom({ queue }) end
    end
  else
    local turn = {}
    for q = 1, #queues do turn[q] = queues[(n + q - 1) % #queues + 1] end
    isFull = takeFrom(turn)
  end
  -- A few empty classes cost less than recreating them.
  if isSound and emptyCount > MOST_EMPTY then
    for j = 1, #worker.jobs do forgetClasses(worker.jobs[j].name, empty) end
  end
  return chosen, isFull or isLeft
end
