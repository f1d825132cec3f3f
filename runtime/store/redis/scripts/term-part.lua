--[[
Terms: which lease leads a role. Needs the key `terms`, and `time` as the first input.
Stored as a list, so that the same term is the same bytes: number, since, ends at, duties (name and when its last good
round was, in turn), the lease that resigned it or '', and while a worker has it lease, worker, term ms.
]]

local function lastTerm(role)
  local raw = redis.call('HGET', K.terms, role)
  if not raw then return nil end
  local at = cmsgpack.unpack(raw)
  return {
    term = at[1], since = at[2], endsAt = at[3], duties = at[4], resignedBy = at[5],
    lease = at[6], worker = at[7], termMs = at[8],
  }
end

local function writeTerm(role, t)
  local packed = cmsgpack.pack({ t.term, t.since, t.endsAt, t.duties, t.resignedBy, t.lease, t.worker, t.termMs })
  redis.call('HSET', K.terms, role, packed)
end

--- Returns the running term of this number, or false: the store accepts writes of its holder only then.
local function leads(role, term)
  local last = lastTerm(role)
  return last and last.lease and last.term == term and last.endsAt > now and last
end
