-- note.lua: record in the ledger of an outbox that a job is done. Ruby does it with a ZADD of its own.
-- KEYS[1] -> mt:completed:<ledger>
-- ARGV[1] -> the jid, followed by ":dead" when it died   ARGV[2] -> now, float seconds
-- Returns nothing. One step. ZREM comes first since it needs no memory: a step that has written may still add when memory
-- is full, and a job that could not be recorded would stay claimed and free none.

redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
