--[[
Ends a term, if this lease has it; keeps its number, so that none is used twice.
keys: meta terms events operations
input: time, role, term, lease
returns: 1 ended, 0 another lease has it
writes: when full
uses: term-part coordination-part operations-part
]]
local last = lastTerm(ARGV[2])
if not last or last.term ~= tonumber(ARGV[3]) or last.lease ~= ARGV[4] then return 0 end
local endedAt = math.min(now, last.endsAt)
writeTerm(ARGV[2], { term = last.term, since = endedAt, endsAt = 0, duties = {}, resignedBy = ARGV[4] })
logOperation({ operation = 'leader resigned', subject = ARGV[2], by = last.worker, details = { term = last.term } })
tellVacancy()
return 1
