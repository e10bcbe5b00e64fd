-- make_lasting.lua: make queues permanent, though some of their names may have been those of temporary queues.
-- KEYS[1] -> mt:temporaries
-- For each queue: KEYS[2 + 2i] -> mt:temporary:<name>   KEYS[3 + 2i] -> queue:<name>
-- ARGV[1..] -> the names
-- Returns how many were temporary before. One step: a kill leaves each queue unchanged or permanent. Until it is, its retries,
-- scheduled and rescued jobs are dropped like late responses.

local before = redis.call('ZREM', KEYS[1], unpack(ARGV))
for i = 2, #KEYS, 2 do
  redis.call('DEL', KEYS[i])
  redis.call('PERSIST', KEYS[i + 1])
end
return before
