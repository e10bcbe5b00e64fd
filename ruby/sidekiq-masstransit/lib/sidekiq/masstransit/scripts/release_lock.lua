-- release_lock.lua: release the lock of a unique job, if it still holds it.
-- KEYS[1] -> sidekiq:unique:<lock>
-- ARGV[1] -> its jid
-- Returns 1, or 0 when another job holds the lock, or none. One step, so that no other job's lock is released; it needs no memory.

if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
