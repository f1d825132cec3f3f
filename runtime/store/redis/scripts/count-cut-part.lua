--[[ Counts a cut of a worker; ten minutes without one reset the count. Needs cuts-part. ]]
local function countCut(worker)
  redis.call('HSET', K.cuts, 'w' .. worker, cmsgpack.pack({ cutsOf(worker) + 1, now }))
  redis.call('ZADD', K.forget, now + CUTS_REMEMBERED, 'cw' .. worker)
end
