--[[
Mutes a finding, or ends its mute.
keys: all
input: time, finding, request, by, reason, for how many ms (0 ends it), how many may be muted at a time, when the
  mute ends that the caller saw: a time, 'none', or '' for any
returns: when the mute ends, or whether there was one (1, 0); 'full' when as many others are muted; 'moved' when the mute is
  not as the caller saw it
writes: when full
uses: prelude limits-part operations-part
]]
local finding, request, by, reason, forMs = ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local before = answered(request)
if before then return before end

local others, found, seen = 0, false, ARGV[8]
local all = call('HGETALL', K.mutes)
for i = 1, #all, 2 do
  local ends = cmsgpack.unpack(all[i + 1])['until']
  local ended = ends <= now
  if all[i] == finding then found = not ended and ends
  elseif ended then hdel(K.mutes, all[i])
  else others = others + 1 end
end
if seen ~= '' and seen ~= (found and text(found) or 'none') then return 'moved' end

local answer = found and '1' or '0'
if forMs == 0 then
  if found then logOperation({ operation = 'unmute finding', subject = finding, by = by, reason = reason }) end
  hdel(K.mutes, finding)
else
  if others >= tonumber(ARGV[7]) then return 'full' end
  answer = text(now + forMs)
  logOperation({ operation = 'mute finding', subject = finding, by = by, reason = reason, details = { forMs = forMs } })
  local mute = { ['until'] = now + forMs, by = by, reason = reason ~= '' and reason or nil }
  hset(K.mutes, finding, cmsgpack.pack(mute))
end
keepAnswer(request, answer)
finish(true)
return answer
