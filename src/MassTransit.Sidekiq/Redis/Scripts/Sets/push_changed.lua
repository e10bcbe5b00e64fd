-- push_changed.lua: move a job from a set to a queue, changed by hand: other arguments, or another queue.
-- KEYS[1] -> retry, schedule or dead   KEYS[2] -> queue:<queue>   KEYS[3] -> queues   KEYS[4] -> mt:temporaries
-- KEYS[5] -> mt:token:<id> of the job, which can no longer be cancelled; of no job for one without a token
-- ARGV[1] -> the member as it was read   ARGV[2] -> the job as it is to be pushed   ARGV[3] -> the queue's name
-- Returns 1; 0 when the member has left: another click, poller or edit owns it; -1 when the queue is temporary, where nobody
-- would look for the job. One step: a kill leaves the job in the set or in its queue. It leaves the set first, since a step
-- that has removed something may still add when memory is full; a refused push restores it.

local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score then
  return 0
end
if redis.call('ZSCORE', KEYS[4], ARGV[3]) then
  return -1
end
redis.call('ZREM', KEYS[1], ARGV[1])
local answer = redis.pcall('LPUSH', KEYS[2], ARGV[2])
if type(answer) == 'table' and answer.err then
  redis.call('ZADD', KEYS[1], score, ARGV[1])
  return answer
end
redis.call('DEL', KEYS[5])
redis.call('SADD', KEYS[3], ARGV[3])
return 1
