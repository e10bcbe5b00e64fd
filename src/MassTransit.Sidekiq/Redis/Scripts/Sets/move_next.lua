-- move_next.lua: move the next jobs of a queue to the end of another one, in their order.
-- KEYS[1] -> queue:<name>   KEYS[2] -> queue:<other>   KEYS[3] -> queues   KEYS[4] -> mt:temporaries
-- ARGV[1] -> the other queue's name
-- ARGV[2..] -> for each job (at most 100), the next one first: the job as it was read, the job as it is to be pushed
-- Returns how many were moved; -1 when the other queue is temporary. Jobs that workers have taken since are not ours, and
-- those that came to the head stay there. Looked at are as many of the next jobs as are named, however long the queue.
-- One step: a kill leaves each job in one of the queues. They are removed first, since a step that has removed something
-- may still add when memory is full; a refused push restores them where they were.

if redis.call('ZSCORE', KEYS[4], ARGV[1]) then
  return -1
end
local changed = {}
for i = 2, #ARGV, 2 do
  changed[ARGV[i]] = ARGV[i + 1]
end
local found = redis.call('LRANGE', KEYS[1], -(#ARGV - 1) / 2, -1)
local moved, stay = {}, {}
for i = #found, 1, -1 do
  moved[#moved + 1] = changed[found[i]]
end
for i = 1, #found do
  if not changed[found[i]] then
    stay[#stay + 1] = found[i]
  end
end
if #moved == 0 then
  return 0
end
redis.call('LTRIM', KEYS[1], 0, -#found - 1)
local answer = redis.pcall('LPUSH', KEYS[2], unpack(moved))
if type(answer) == 'table' and answer.err then
  redis.call('RPUSH', KEYS[1], unpack(found))
  return answer
end
if #stay > 0 then
  redis.call('RPUSH', KEYS[1], unpack(stay))
end
redis.call('SADD', KEYS[3], ARGV[1])
return #moved
