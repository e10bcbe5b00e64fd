-- cancel.lua: mark a job as cancelled, as Sidekiq's cancel! does; the process that runs it stops it.
-- KEYS[1] -> it-<jid>
-- ARGV[1] -> the time in whole seconds   ARGV[2] -> how long the mark is kept, in seconds
-- Returns when it was cancelled first. One step, so that no mark without a TTL is left behind; a refusal changes nothing.

redis.call('HSETNX', KEYS[1], 'cancelled', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('HGET', KEYS[1], 'cancelled')
