--[[
Deletes ended runs with all that belongs to them; their ids stay taken for 10 minutes. By hand it is one run and a
request; the sweep passes those it found, and those that live again meanwhile stay.
keys: all + one journal per run
input: time, request ('' from the sweep), then the runs
returns: how many were deleted, or the number of the state of the one that lives, 'unknown', 'before'
writes: when full
uses: prelude limits-part remove-part
]]
local request = ARGV[2]
if request ~= '' and answered(request) then return 'before' end

local deleted = 0
preload({ unpack(ARGV, 3) })
for i = 3, #ARGV do
  local run = load(ARGV[i])
  if request ~= '' and not run then return 'unknown' end
  if request ~= '' and run[STATE] < COMPLETED then return tostring(run[STATE]) end
  if run and run[STATE] >= COMPLETED then
    deleteRun(run, KEYS[STATIC_KEYS + i - 2], request ~= '')
    deleted = deleted + 1
  end
end
if request ~= '' then keepAnswer(request, '1') end
finish(deleted > 0)
return deleted
