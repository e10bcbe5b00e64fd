-- find_filled.lua: which of these queues have jobs?
-- KEYS[1..] -> queue:<name>
-- Returns the positions of those that have, from 0. Reads only. Bound: one EXISTS per queue; called when at least one has.

local filled = {}
for i, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    filled[#filled + 1] = i - 1
  end
end
return filled
