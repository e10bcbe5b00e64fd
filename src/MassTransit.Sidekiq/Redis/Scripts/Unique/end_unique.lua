-- end_unique.lua: acknowledge a unique job, and release its lock.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> sidekiq:unique:<lock>
-- ARGV[1] -> delivery number   ARGV[2] -> its jid
-- Returns 1, or 0 when the claim is gone: then another process has the job, and the lock is still the job's.
-- One step: a kill leaves both or neither. Nothing in it needs memory.

if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
  return 0
end
if redis.pcall('GET', KEYS[2]) == ARGV[2] then
  redis.call('DEL', KEYS[2])
end
return 1
