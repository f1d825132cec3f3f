--[[
Returns the workers' declarations of a kind.
keys: all
input: time, kind
returns: flat list { name, digest, 1 when in force, live workers, first seen by, first seen at, ... }
writes: nothing
uses: prelude definitions-part
]]
local all, found = call('HGETALL', K.definitions), {}
for i = 1, #all, 2 do
  local of, name = string.match(all[i], '^(%a+)%z(.*)$')
  if of == ARGV[2] then
    local definition = cmsgpack.unpack(all[i + 1])
    settleDefinition(definition)
    for s = 1, #definition.seen do
      local one = definition.seen[s]
      local line = {
        name, one[DIGEST], one[DIGEST] == definition.inForce and 1 or 0, #one[LEASES], one[SEEN_BY],
        string.format('%.0f', one[FIRST_SEEN]),
      }
      for c = 1, #line do found[#found + 1] = line[c] end
    end
  end
end
return found
