--[[ Hints to leaders and followers; a lost one costs a poll. ]]

--- To all followers: a role may be vacant before its term is over.
local function tellVacancy() redis.pcall('PUBLISH', string.sub(K.meta, 1, -5) .. 'vacancy', '') end

--- To the leader: a schedule may be due sooner than the last poll reported.
local function tellSchedules() redis.pcall('PUBLISH', string.sub(K.meta, 1, -5) .. 'schedules', '') end
