-- interrupt.lua: return a claimed iterable job to its queue with its place, unchanged.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> it-<jid>   KEYS[3] -> mt:poison:<jid>   KEYS[4] -> queue:<name>
-- ARGV[1] -> delivery number   ARGV[2] -> RPUSH for the head of the queue, LPUSH for its back
-- ARGV[3] -> how long the place is kept, in seconds   ARGV[4..] -> fields and values
-- Returns 1, or 0 when the claim is gone: then another process has the job, and its place is further on.
-- One step: a kill leaves the job in the hash with its old place or in the queue with its new one. The claim is removed first, since
-- a step that has removed something may still add when memory is full; what is refused restores it (see retry.lua). A place that was
-- kept before the queue was refused is true all the same.

local claimed = redis.call('HGET', KEYS[1], ARGV[1])
if not claimed then
  return 0
end
redis.call('HDEL', KEYS[1], ARGV[1])
local function refused(answer)
  if type(answer) == 'table' and answer.err then
    redis.call('HSET', KEYS[1], ARGV[1], claimed)
    return true
  end
end
local kept = redis.pcall('HSET', KEYS[2], unpack(ARGV, 4))
if refused(kept) then
  return kept
end
redis.call('EXPIRE', KEYS[2], ARGV[3])
local pushed = redis.pcall(ARGV[2], KEYS[4], claimed)
if refused(pushed) then
  return pushed
end
redis.call('DEL', KEYS[3])
return 1
