-- push_tied.lua: push a job or schedule it, and take its lock, unless another job holds that, and its place in a batch.
-- KEYS[1] -> sidekiq:unique:<lock>, '' for none   KEYS[2] -> queue:<name>; or schedule
-- KEYS[3] -> queues; or mt:token:<id>, '' for none   KEYS[4] -> mt:batch:<bid>, '' for none
-- ARGV[1] -> the job   ARGV[2] -> its jid   ARGV[3] -> how long the lock lasts, in ms
-- ARGV[4] -> '' to push; to schedule, when it is due, float seconds   ARGV[5] -> the queue's name; or end of the token, unix ms
-- ARGV[6] -> now, float seconds
-- Returns nothing, or the jid of the holder (its own, when it was pushed before), and then nothing is done; 0 when the batch has ended.
-- One step: a kill leaves the job with what is tied to it, or nothing. The job comes first: when Redis refuses it, no lock is left
-- behind, and a step that has written may still add when memory is full.

-- batch.lua
-- join_batch.lua

if KEYS[4] ~= '' and not batch_is_open(KEYS[4]) then
  return 0
end
local holder = KEYS[1] ~= '' and redis.call('GET', KEYS[1])
if holder then
  return holder
end
if ARGV[4] == '' then
  redis.call('LPUSH', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
end
if KEYS[1] ~= '' then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
if KEYS[4] ~= '' then
  batch_join(KEYS[4], { ARGV[2] }, ARGV[6], true)
end
if ARGV[4] == '' then
  redis.call('SADD', KEYS[3], ARGV[5])
elseif KEYS[3] ~= '' then
  redis.call('SET', KEYS[3], ARGV[4], 'PXAT', ARGV[5])
end
return false
