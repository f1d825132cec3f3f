--[[ Hints to those who coordinate; a lost one costs a poll. ]]

--- To all who follow: a role may be vacant before its term is over.
local function tellVacancy() redis.pcall('PUBLISH', string.sub(K.meta, 1, -5) .. 'vacancy', '') end

--- To the leader: something may be due sooner than its last look was told.
local function tellSchedules() redis.pcall('PUBLISH', string.sub(K.meta, 1, -5) .. 'schedules', '') end
