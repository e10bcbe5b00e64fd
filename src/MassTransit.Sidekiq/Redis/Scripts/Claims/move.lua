-- move.lua: move a claimed job to another queue.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> queues   KEYS[3] -> queue:<other>
-- KEYS[4] -> sidekiq:unique:<lock> of a unique job, or ''   KEYS[5] -> mt:batch:<bid> of a job of a batch
-- ARGV[1] -> delivery number   ARGV[2] -> the job   ARGV[3] -> the other queue's name
-- For those two: ARGV[4] -> jid: it has ended here, its lock with it, and is dead for its batch   ARGV[5] -> now, float seconds
-- Returns 1, or 0 when the claim is gone (a rescuer took this process for dead): then nothing is done.
-- One step: a kill leaves the job in the hash or in the queue. A refused LPUSH restores the claim (see retry.lua).

-- batch.lua

local claimed = redis.call('HGET', KEYS[1], ARGV[1])
if not claimed then
  return 0
end
redis.call('HDEL', KEYS[1], ARGV[1])
local answer = redis.pcall('LPUSH', KEYS[3], ARGV[2])
if type(answer) == 'table' and answer.err then
  redis.call('HSET', KEYS[1], ARGV[1], claimed)
  return answer
end
if KEYS[4] and KEYS[4] ~= '' and redis.pcall('GET', KEYS[4]) == ARGV[4] then
  redis.call('DEL', KEYS[4])
end
if KEYS[5] then
  batch_report(KEYS[5], ARGV[4], 'death', ARGV[5])
end
redis.call('SADD', KEYS[2], ARGV[3])
return 1
