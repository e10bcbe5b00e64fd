-- leave.lua: remove a process that stops from Sidekiq's registry.
-- KEYS[1] -> processes   KEYS[2..] -> the process's own keys there: <identity>, its work, its signals
-- ARGV[1] -> identity
-- Returns how many keys were removed. One step: no reader finds a process without its description.

redis.call('SREM', KEYS[1], ARGV[1])
return redis.call('UNLINK', unpack(KEYS, 2))
