--[[ A worker's report of itself (worker-report.ts), and the ARN of its task in its record (WR3). ]]

--- WR2: a late report replaces nothing newer.
local function keepReport(lease, n, agoMs, report)
  local told = call('HGET', K.reports, lease)
  if told and unpack1('>I6', told) >= tonumber(n) then return end
  call('HSET', K.reports, lease, pack('>I6I6', n, now - agoMs) .. report)
end

--- A process never changes its task: its record is written once.
local function keepTask(lease, arn)
  local raw = call('HGET', K.workers, lease)
  local worker = raw and cmsgpack.unpack(raw)
  if not worker or worker.task then return end
  worker.task = arn
  call('HSET', K.workers, lease, cmsgpack.pack(worker))
end
