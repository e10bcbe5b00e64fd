-- reschedule.lua: move a claimed job into the scheduled set.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> schedule   KEYS[3] -> mt:token:<id> of a job that can be cancelled, else ''
-- KEYS[4] -> sidekiq:unique:<lock> of a unique job, or ''   KEYS[5] -> mt:batch:<bid>:open of a job of a batch
-- ARGV[1] -> delivery number   ARGV[2] -> the job   ARGV[3] -> due, float seconds   ARGV[4] -> end of the token, unix ms
-- For those two: ARGV[5] -> jid   ARGV[6] -> how long its lock lasts from now, in ms   ARGV[7] -> its jid from now on
-- Returns 1, or 0 when the claim is gone (a rescuer took this process for dead): then nothing is done.
-- One step: a kill leaves the job in the hash or in the set. A refused ZADD restores the claim (see retry.lua).

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
if KEYS[4] and KEYS[4] ~= '' and redis.pcall('GET', KEYS[4]) == ARGV[5] then
  redis.call('SET', KEYS[4], ARGV[7], 'PX', ARGV[6])
end
if KEYS[5] and ARGV[5] ~= ARGV[7] then
  local state = redis.pcall('HGET', KEYS[5], ARGV[5])
  if type(state) == 'string' then
    redis.call('HDEL', KEYS[5], ARGV[5])
    redis.call('HSET', KEYS[5], ARGV[7], state)
  end
end
if KEYS[3] ~= '' then
  redis.call('SET', KEYS[3], ARGV[3], 'PXAT', ARGV[4])
end
return 1
