--[[
Returns the time.
keys: meta
input: time
returns: the store's time, the server's clock, number of recorded jumps
writes: nothing
]]
local moves = redis.call('HGET', K.meta, 'clockMoves') or '0'
return { string.format('%.0f', now), string.format('%.0f', wall), moves }
