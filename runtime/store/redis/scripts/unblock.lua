--[[
R23: lets code that a blocked run has not met yet try it once.
keys: all
input: time, lease, cursor (a member of the index, '' at first), limit
returns: the next cursor, '' at the end
writes: when full
uses: prelude limits-part
]]
local raw = call('HGET', K.workers, ARGV[2])
if not raw then return '' end
local worker = cmsgpack.unpack(raw)
local jobs = {}
for i = 1, #worker.jobs do jobs[worker.jobs[i].name] = worker.jobs[i] end
local prefix = string.char(BLOCKED)
local from = ARGV[3] == '' and '[' .. prefix or '(' .. ARGV[3]
local limit = tonumber(ARGV[4])
local members = call('ZRANGEBYLEX', K.index, from, '(' .. string.char(BLOCKED + 1), 'LIMIT', 0, limit)
local ids = {}
for i = 1, #members do ids[i] = sub(members[i], 8) end
preload(ids)

local function hasTried(run, digest)
  local blocked = extrasOf(run).b
  for _, tried in ipairs(blocked and blocked.tried or {}) do
    if tried == digest then return true end
  end
  return false
end

for i = 1, #ids do
  local run = runs[ids[i]]
  local job = run and jobs[run[JOB]]
  if job and run[STATE] == BLOCKED and run[VERSION] % PROTECTED_FROM <= job.version and not hasTried(run, job.digest) then
    note(run, { kind = 'unblocked', worker = worker.name, reason = 'new code of the job was registered' })
    place(run, 'unblock')
  end
end
finish()
return #members == limit and members[limit] or ''
