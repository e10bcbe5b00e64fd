-- signal.lua: leave a signal for a process, as the Web UI's buttons do.
-- KEYS[1] -> processes   KEYS[2] -> <identity>-signals
-- ARGV[1] -> identity   ARGV[2] -> TSTP, TERM or TTIN
-- Returns 1, or 0 when there is no such process. One step, so that no list without a TTL is left behind.

if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('LPUSH', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[2], 60)
return 1
