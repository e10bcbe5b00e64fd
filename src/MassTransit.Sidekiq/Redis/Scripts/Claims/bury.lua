-- bury.lua: move a claimed job into the dead set, and trim the set as Sidekiq does.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> dead   KEYS[3] -> sidekiq:unique:<lock> of a unique job, or ''
-- KEYS[4] -> mt:batch:<bid> of a job of a batch
-- ARGV[1] -> delivery number   ARGV[2] -> the job, or an entry that cannot be parsed   ARGV[3] -> now, float seconds
-- ARGV[4] -> the time before which dead jobs are removed   ARGV[5] -> how many the set may hold
-- ARGV[6] -> jid of one of those two: its death releases its lock, and is told to its batch
-- Returns 1, or 0 when the claim is gone (a rescuer took this process for dead): then nothing is done.
-- One step: a kill leaves the job in the hash or in the set. A refused ZADD restores the claim (see retry.lua).

-- batch.lua

local claimed = redis.call('HGET', KEYS[1], ARGV[1])
if not claimed then
  return 0
end
redis.call('HDEL', KEYS[1], ARGV[1])
local answer = redis.pcall('ZADD', KEYS[2], ARGV[3], ARGV[2])
if type(answer) == 'table' and answer.err then
  redis.call('HSET', KEYS[1], ARGV[1], claimed)
  return answer
end
if KEYS[3] and KEYS[3] ~= '' and redis.pcall('GET', KEYS[3]) == ARGV[6] then
  redis.call('DEL', KEYS[3])
end
if KEYS[4] then
  batch_report(KEYS[4], ARGV[6], 'death', ARGV[3])
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[4])
-- Rank -N is removed too, so that N - 1 remain: Sidekiq's own arithmetic.
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -tonumber(ARGV[5]))
return 1
