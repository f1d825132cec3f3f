--[[
Returns records of runs with the values stored beside them.
keys: meta runs payloads stays workers openSteps
input: time, 1 with inputs and outcomes, then ids
returns: per run: '' when it doesn't exist, or { record, stay, worker, input, outcome, open step if there is one }
writes: nothing
uses: open-steps-part
]]
local whole = ARGV[2] == '1'
local found = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local record = redis.call('HGET', K.runs, id)
  if not record then
    found[#found + 1] = ''
  else
    local stay = redis.call('HGET', K.stays, id) or ''
    local lease = stay ~= '' and string.sub(stay, 16)
    local worker = lease and redis.call('HGET', K.workers, lease)
    local name = worker and cmsgpack.unpack(worker).name or ''
    local input = redis.call('HGET', K.payloads, 'i' .. id) or ''
    -- For a list, only the headers, which come before the input.
    if not whole and input ~= '' then input = string.sub(input, 1, 4 + struct.unpack('>I4', input)) end
    found[#found + 1] = {
      record, stay, name, input, redis.call('HGET', K.payloads, 'o' .. id) or '',
      lease and openStepOf(lease, id, struct.unpack('>I6', stay)) or nil,
    }
  end
end
return found
