-- push_temporary.lua: push a job to a temporary queue, if that still exists.
-- KEYS[1] -> mt:temporary:<name>   KEYS[2] -> queue:<name>
-- ARGV[1] -> the job   ARGV[2] -> how long, in ms, it is kept at least
-- Returns 1, or 0 when the queue is gone: a response without a waiting client is dropped. The queue is never in `queues`.
-- One step: a kill cannot leave a list that never expires.

local life = redis.call('PTTL', KEYS[1])
if life < 0 then
  return 0
end
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], math.max(life, tonumber(ARGV[2])))
return 1
