-- end_cancelled.lua: end a claimed job that was cancelled, and its mark with it.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> it-<jid>
-- ARGV[1] -> delivery number
-- Returns 1, or 0 when the claim is gone: then another process has the job, and finds the mark.
-- One step: a kill leaves both or neither. Nothing in it needs memory.

if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('DEL', KEYS[2])
return 1
