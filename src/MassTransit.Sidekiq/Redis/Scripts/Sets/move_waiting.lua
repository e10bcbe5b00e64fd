-- move_waiting.lua: move one waiting job to the end of another queue.
-- KEYS[1] -> queue:<name>   KEYS[2] -> queue:<other>   KEYS[3] -> queues   KEYS[4] -> mt:temporaries
-- ARGV[1] -> the other queue's name   ARGV[2] -> the job as it was read   ARGV[3] -> the job as it is to be pushed
-- Returns 1; 0 when a worker has taken it; -1 when the other queue is temporary. Bound: as LREM, one walk of the queue.
-- One step: a kill leaves the job in one of the queues. It is removed first, since a step that has removed something may
-- still add when memory is full. A list of another type refuses before that; any other refusal returns the job to the head.

if redis.call('ZSCORE', KEYS[4], ARGV[1]) then
  return -1
end
local other = redis.pcall('LLEN', KEYS[2])
if type(other) == 'table' and other.err then
  return other
end
if redis.call('LREM', KEYS[1], -1, ARGV[2]) == 0 then
  return 0
end
local answer = redis.pcall('LPUSH', KEYS[2], ARGV[3])
if type(answer) == 'table' and answer.err then
  redis.call('RPUSH', KEYS[1], ARGV[2])
  return answer
end
redis.call('SADD', KEYS[3], ARGV[1])
return 1
