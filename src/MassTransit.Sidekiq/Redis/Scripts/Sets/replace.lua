-- replace.lua: change a job where it stays, in its set and at its time.
-- KEYS[1] -> retry, schedule or dead   KEYS[2] -> mt:temporaries
-- ARGV[1] -> the member as it was read   ARGV[2] -> the job as it is from now on   ARGV[3] -> the queue that it names
-- Returns 1; 0 when the member has left; -1 when the queue is temporary; -2 when the set has an equal job, since a set holds
-- each member once and one of the two would be lost. One step: a kill leaves one of the two. The member is removed first,
-- since a step that has removed something may still add when memory is full; a refused ZADD restores it.

local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score then
  return 0
end
if redis.call('ZSCORE', KEYS[2], ARGV[3]) then
  return -1
end
if ARGV[1] ~= ARGV[2] and redis.call('ZSCORE', KEYS[1], ARGV[2]) then
  return -2
end
redis.call('ZREM', KEYS[1], ARGV[1])
local answer = redis.pcall('ZADD', KEYS[1], score, ARGV[2])
if type(answer) == 'table' and answer.err then
  redis.call('ZADD', KEYS[1], score, ARGV[1])
  return answer
end
return 1
