-- bury_unreadable.lua: move a due member that cannot be parsed into the dead set, unchanged.
-- KEYS[1] -> retry or schedule   KEYS[2] -> dead   KEYS[3] -> sidekiq:unique:<lock> of a unique job, or ''
-- KEYS[4] -> mt:batch:<bid> of a job of a batch
-- ARGV[1] -> the member   ARGV[2] -> now, float seconds   ARGV[3], ARGV[4] -> limits of the dead set (see bury.lua)
-- ARGV[5] -> jid of one of those two
-- Returns 1, or 0 when another poller took it. One step: a kill leaves it in one of the sets. It leaves its set first,
-- since a step that has removed something may still add when memory is full; a refused ZADD restores it.

-- batch.lua

local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score then
  return 0
end
redis.call('ZREM', KEYS[1], ARGV[1])
local answer = redis.pcall('ZADD', KEYS[2], ARGV[2], ARGV[1])
if type(answer) == 'table' and answer.err then
  redis.call('ZADD', KEYS[1], score, ARGV[1])
  return answer
end
if KEYS[3] and KEYS[3] ~= '' and redis.pcall('GET', KEYS[3]) == ARGV[5] then
  redis.call('DEL', KEYS[3])
end
if KEYS[4] then
  batch_report(KEYS[4], ARGV[5], 'death', ARGV[2])
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[4]))
return 1
