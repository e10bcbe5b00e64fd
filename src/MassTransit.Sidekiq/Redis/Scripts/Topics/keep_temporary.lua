-- keep_temporary.lua: keep temporary queues alive, or create them.
-- KEYS[1] -> mt:temporaries
-- For each queue: KEYS[2 + 2i] -> mt:temporary:<name>   KEYS[3 + 2i] -> queue:<name>
-- ARGV[1] -> life in ms   ARGV[2] -> now, float seconds   ARGV[3] -> the time before which ended queues are forgotten
-- ARGV[4..] -> the names
-- Returns the names of those that had ended or never existed: their subscriptions may be gone as well.
-- One step: a kill leaves each queue kept or not. mt:temporaries remembers which names were temporary, so that a late
-- job for one of them is dropped instead of creating a queue without a consumer. Old names are removed first: a step that has
-- written may still add when memory is full, and a queue that ended then would take the responses with it.

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
local ended = {}
for i = 4, #ARGV do
  local queue = 2 * (i - 4) + 2
  if redis.call('EXISTS', KEYS[queue]) == 0 then
    ended[#ended + 1] = ARGV[i]
  end
  redis.call('SET', KEYS[queue], 1, 'PX', ARGV[1])
  redis.call('PEXPIRE', KEYS[queue + 1], ARGV[1])
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[i])
end
return ended
