-- end_cancelled.lua: end a claimed job that was cancelled, and its mark with it.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> it-<jid>   KEYS[3] -> sidekiq:unique:<lock> of a unique job
-- ARGV[1] -> delivery number   ARGV[2] -> jid of a unique job
-- Returns 1, or 0 when the claim is gone: then another process has the job, and finds the mark.
-- One step: a kill leaves both or neither. Nothing in it needs memory.

if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('DEL', KEYS[2])
if KEYS[3] and redis.pcall('GET', KEYS[3]) == ARGV[2] then
  redis.call('DEL', KEYS[3])
end
return 1
