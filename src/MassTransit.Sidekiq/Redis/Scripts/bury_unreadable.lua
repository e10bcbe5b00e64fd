-- bury_unreadable.lua: move a due member that nobody can push into the dead set, as it is.
-- KEYS[1] -> retry or schedule   KEYS[2] -> dead
-- ARGV[1] -> the member   ARGV[2] -> now, float seconds   ARGV[3], ARGV[4] -> limits of the dead set (see bury.lua)
-- Returns 1, or 0 when another poller took it. One step, and the addition before the removal: a kill loses nothing.

if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 0
end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[4]))
return 1
