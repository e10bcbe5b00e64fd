-- retry.lua: move a claimed job into the retry set.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> retry   KEYS[3] -> sidekiq:unique:<lock> of a unique job, or ''
-- KEYS[4] -> mt:batch:<bid> of a job of a batch
-- ARGV[1] -> delivery number   ARGV[2] -> the job as it is to be retried   ARGV[3] -> due, float seconds
-- For those two: ARGV[4] -> jid   ARGV[5] -> how long its lock lasts at least, in ms   ARGV[6] -> now, float seconds
-- Returns 1, or 0 when the claim is gone (a rescuer took this process for dead): then nothing is done.
-- One step: a kill leaves the job in the hash or in the set. The claim is removed first, since a step that has removed
-- something may still add when memory is full; a refused ZADD restores the claim.

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
if KEYS[3] and KEYS[3] ~= '' and redis.pcall('GET', KEYS[3]) == ARGV[4] and redis.call('PTTL', KEYS[3]) < tonumber(ARGV[5]) then
  redis.call('PEXPIRE', KEYS[3], ARGV[5])
end
if KEYS[4] then
  batch_report(KEYS[4], ARGV[4], 'failure', ARGV[6])
end
return 1
