--[[
Records of runs with what stands beside them.
keys: runs payloads stays workers
input: 1 with inputs and outcomes, then ids
returns: per run: '' when it is not here, or { record, stay, worker, input, outcome }
]]
local whole = ARGV[1] == '1'
local found = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local record = redis.call('HGET', K.runs, id)
  if not record then
    found[#found + 1] = ''
  else
    local stay = redis.call('HGET', K.stays, id) or ''
    local worker = stay ~= '' and redis.call('HGET', K.workers, string.sub(stay, 16))
    local name = worker and cmsgpack.unpack(worker).name or ''
    local input = redis.call('HGET', K.payloads, 'i' .. id) or ''
    -- Of a list only the headers in front of the input.
    if not whole and input ~= '' then input = string.sub(input, 1, 4 + struct.unpack('>I4', input)) end
    found[#found + 1] = { record, stay, name, input, redis.call('HGET', K.payloads, 'o' .. id) or '' }
  end
end
return found
