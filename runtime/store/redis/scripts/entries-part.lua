--[[
How the entries of a call stand in its argument, see entry-batch.ts. Both begin with kind, run, number of its journal, fence and
position, and end with the place behind the entry. Between them a checkpoint has pause, tail and mark; a settlement has its outcome,
what only this outcome has, and its output or error. The fence of a checkpoint stays bytes.
]]
local CHECKPOINT, SETTLEMENT = '>c1I2c0I2c6I4I6I4c0I4c0', '>c1I2c0I2I6I4I2c0I4c0I4c0'
