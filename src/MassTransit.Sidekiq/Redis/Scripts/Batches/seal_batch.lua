-- seal_batch.lua: say how many messages are added to a batch; once they have arrived, its callbacks may come.
-- KEYS[1] -> mt:batch:<bid>
-- ARGV[1] -> how many   ARGV[2] -> now, float seconds
-- Returns 1, or 0 when there is no such batch. One step: a kill or a refusal leaves it open, and then no callback comes
-- but that of a death. An empty batch has its callbacks at once.

-- batch.lua

if not batch_is_open(KEYS[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'expected', ARGV[1])
batch_settle(KEYS[1], ARGV[2])
return 1
