-- note.lua: tell the ledger of an outbox that a job is over. Ruby tells it with a ZADD of its own.
-- KEYS[1] -> mt:completed:<ledger>
-- ARGV[1] -> the jid, with ":dead" behind it when it died   ARGV[2] -> now, float seconds
-- Returns nothing. One step. ZREM comes first since it needs no memory: a step that has written may still add when memory
-- is full, and a job that could not be noted would stay claimed and free none.

redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
