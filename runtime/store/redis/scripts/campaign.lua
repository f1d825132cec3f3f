--[[
Takes a role for a term if it is vacant; the lease that has the role keeps its term.
keys: meta terms workers leases status events operations
input: time, role, lease, term ms, the last term that this lease has resigned or 0
returns: { 'leading', term }, { 'following', leader, ms left, live workers } or { 'lost' }
writes: when full
uses: term-part watch-part operations-part
]]
local role, lease, termMs = ARGV[2], ARGV[3], tonumber(ARGV[4])
local worker, status = redis.call('HGET', K.workers, lease), redis.call('HGET', K.status, lease)
-- The 15th byte says that the lease has ended and its runs are being reclaimed.
if not worker or not status or string.byte(status, 15) ~= 0 then return { 'lost' } end
local last, held = lastTerm(role), false
if last and last.lease and last.endsAt > now then
  if last.lease ~= lease then
    local workers = redis.call('ZCOUNT', K.leases, string.format('(%.0f', now), '+inf')
    return { 'following', last.worker, string.format('%.0f', last.endsAt - now), workers }
  end
  last.endsAt, last.termMs, held = now + termMs, termMs, true
elseif last and last.resignedBy == lease and last.term > tonumber(ARGV[5]) then
  return { 'lost' }
else
  last = {
    term = math.max((last and last.term or 0) + 1, now), lease = lease, worker = cmsgpack.unpack(worker).name,
    since = now, endsAt = now + termMs, termMs = termMs, duties = {}, resignedBy = '',
  }
end
writeTerm(role, last)
if not held then
  logOperation({ operation = 'leader changed', subject = role, by = last.worker, details = { term = last.term } })
end
hurryLooker(TERMS_EVERY)
return { 'leading', string.format('%.0f', last.term) }
