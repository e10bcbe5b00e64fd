-- return_landing.lua: return what a blocking wait claimed, and no claim took, to the head of its queue.
-- KEYS[1] -> mt:landing:<identity>:<name>   KEYS[2] -> queue:<name>
-- Returns how many were returned. Each LMOVE is atomic: no job is ever in neither list. LTRIM changes nothing and needs
-- no memory: a step that has written may still add when memory is full.

redis.call('LTRIM', KEYS[1], 0, -1)
local count = 0
-- The leftmost landed last, so that the rightmost ends at the head, where it came from.
while redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT') do
  count = count + 1
end
return count
