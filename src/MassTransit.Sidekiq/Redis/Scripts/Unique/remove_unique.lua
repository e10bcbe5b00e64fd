-- remove_unique.lua: delete a unique job that waits, and release its lock.
-- KEYS[1] -> queue:<name>, or retry, schedule or dead   KEYS[2] -> sidekiq:unique:<lock>
-- ARGV[1] -> the job as it was read   ARGV[2] -> its jid   ARGV[3] -> 1 for a queue, where it costs one walk as LREM does
-- Returns 1, or 0 when it has left: then the lock is not touched. One step: a kill leaves both or neither; it needs no memory.

local removed = 0
if ARGV[3] == '1' then
  removed = redis.call('LREM', KEYS[1], 1, ARGV[1])
else
  removed = redis.call('ZREM', KEYS[1], ARGV[1])
end
if removed == 1 and redis.pcall('GET', KEYS[2]) == ARGV[2] then
  redis.call('DEL', KEYS[2])
end
return removed
