--[[ The open steps of held runs by their workers' last reports: see open-steps.ts. A lease's report is read once. ]]
local openStepOf
do
  local known = {}

  local function toldBy(lease)
    local told = known[lease]
    if told then return told end
    local raw = redis.call('HGET', K.openSteps, lease)
    told = {}
    if raw then
      local _, at = struct.unpack('>I6I6', raw)
      local steps = cmsgpack.unpack(string.sub(raw, 13))
      told.ago = math.max(0, now - at)
      for i = 1, #steps do told[steps[i][1]] = steps[i] end
    end
    known[lease] = told
    return told
  end

  --- Returns { path, ms that it was open when reported, ms since the report } of a held run, or nil.
  function openStepOf(lease, id, fence)
    local told = toldBy(lease)
    local step = told[id]
    if step and step[2] == fence then return { step[3], step[4], told.ago } end
  end
end
