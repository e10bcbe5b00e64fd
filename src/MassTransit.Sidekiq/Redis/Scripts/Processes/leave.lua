-- leave.lua: take a process that stops out of Sidekiq's registry.
-- KEYS[1] -> processes   KEYS[2..] -> what is the process's own there: <identity>, its work, its signals
-- ARGV[1] -> identity
-- Returns how many keys went. One step: no reader finds a process without its description.

redis.call('SREM', KEYS[1], ARGV[1])
return redis.call('UNLINK', unpack(KEYS, 2))
