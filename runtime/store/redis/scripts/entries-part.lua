--[[
The layouts of the entries in a call's argument (entry-batch.ts). Both begin with kind, run, number of the journal,
fence and position, and end with the offset of the next entry. Between them a checkpoint has pause, tail and mark, a
settlement its outcome, the fields of that outcome, and its output or error. The fence of a checkpoint is bytes.
]]
local CHECKPOINT, SETTLEMENT = '>c1I2c0I2c6I4I6I4c0I4c0', '>c1I2c0I2I6I4I2c0I4c0I4c0'
