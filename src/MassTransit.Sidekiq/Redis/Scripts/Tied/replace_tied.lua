-- replace_tied.lua: put a unique job in the place of the one that holds its lock and waits in the scheduled set.
-- KEYS[1] -> sidekiq:unique:<lock>   KEYS[2] -> schedule   KEYS[3] -> queue:<name>; or schedule, to schedule the new one
-- KEYS[4] -> queues; or mt:token:<id> of the new one, '' for none   KEYS[5] -> mt:batch:<bid> of the new one, '' for none
-- KEYS[6] -> mt:batch:<bid> of the old one, '' for none
-- ARGV[1] -> the new job   ARGV[2] -> its jid   ARGV[3] -> how long the lock lasts, in ms
-- ARGV[4] -> '' to push; to schedule, when it is due, float seconds   ARGV[5] -> the queue's name; or end of the token, unix ms
-- ARGV[6] -> now, float seconds   ARGV[7] -> the member that holds the lock   ARGV[8] -> its jid
-- Returns 1, or 0 when that has left the set or the lock: then nothing is done.
-- One step: a kill leaves the old job or the new one. The old one is removed first, since a step that has removed something
-- may still add when memory is full; a refused push restores it.

-- batch.lua
-- join_batch.lua

local score = redis.call('ZSCORE', KEYS[2], ARGV[7])
if not score or redis.call('GET', KEYS[1]) ~= ARGV[8] then
  return 0
end
redis.call('ZREM', KEYS[2], ARGV[7])
local answer
if ARGV[4] == '' then
  answer = redis.pcall('LPUSH', KEYS[3], ARGV[1])
else
  answer = redis.pcall('ZADD', KEYS[3], ARGV[4], ARGV[1])
end
if type(answer) == 'table' and answer.err then
  redis.call('ZADD', KEYS[2], score, ARGV[7])
  return answer
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if KEYS[5] ~= '' then
  batch_join(KEYS[5], { ARGV[2] }, ARGV[6], true)
end
if KEYS[6] ~= '' then
  batch_report(KEYS[6], ARGV[8], 'dropped', ARGV[6])
end
if ARGV[4] == '' then
  redis.call('SADD', KEYS[4], ARGV[5])
elseif KEYS[4] ~= '' then
  redis.call('SET', KEYS[4], ARGV[4], 'PXAT', ARGV[5])
end
return 1
