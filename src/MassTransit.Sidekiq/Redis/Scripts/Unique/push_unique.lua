-- push_unique.lua: push a job or schedule it, and take its lock, unless another job holds that.
-- KEYS[1] -> sidekiq:unique:<lock>   KEYS[2] -> queue:<name>; or schedule   KEYS[3] -> queues; or mt:token:<id>, '' for none
-- ARGV[1] -> the job   ARGV[2] -> its jid   ARGV[3] -> how long the lock lasts, in ms
-- ARGV[4] -> '' to push; to schedule, when it is due, float seconds   ARGV[5] -> the queue's name; or end of the token, unix ms
-- Returns nothing, or the jid of the holder (its own, when it was pushed before), and then nothing is done.
-- One step: a kill leaves job and lock or neither. The job comes first: when Redis refuses it, no lock is left behind, and a
-- step that has written may still add when memory is full.

local holder = redis.call('GET', KEYS[1])
if holder then
  return holder
end
if ARGV[4] == '' then
  redis.call('LPUSH', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if ARGV[4] == '' then
  redis.call('SADD', KEYS[3], ARGV[5])
elseif KEYS[3] ~= '' then
  redis.call('SET', KEYS[3], ARGV[4], 'PXAT', ARGV[5])
end
return false
