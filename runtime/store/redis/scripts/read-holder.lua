--[[
Returns the holder of a unique key.
keys: all
input: time, job, key
returns: now, the run or ''
writes: nothing
uses: prelude unique-part
]]
return { text(now), holderOf(ARGV[2] .. '\0' .. ARGV[3]) or '' }
