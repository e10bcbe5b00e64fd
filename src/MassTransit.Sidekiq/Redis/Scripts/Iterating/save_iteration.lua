-- save_iteration.lua: keep the place of a running iterable job, as Sidekiq does.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> it-<jid>   KEYS[3] -> mt:poison:<jid>
-- ARGV[1] -> delivery number   ARGV[2] -> how long it is kept, in seconds   ARGV[3..] -> fields and values
-- Returns 1, or 0 when the claim is gone: then another process has the job, and its place is further on.
-- One step: a kill leaves the old place or the new one. A refusal changes nothing. A job that gets on is not poison.

if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call('HSET', KEYS[2], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[3])
return 1
