-- push_temporary.lua: push a job to a temporary queue, if it is still there.
-- KEYS[1] -> mt:temporary:<name>   KEYS[2] -> queue:<name>
-- ARGV[1] -> the job   ARGV[2] -> how long, in ms, it is to be kept at least
-- Returns 1, or 0 when the queue is gone: an answer that nobody waits for is dropped. The queue never enters `queues`.
-- One step: a kill cannot leave a list that never expires.

local life = redis.call('PTTL', KEYS[1])
if life < 0 then
  return 0
end
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], math.max(life, tonumber(ARGV[2])))
return 1
