-- take_landed.lua: claim the job that a blocking wait has just landed. Sent right after its BRPOPLPUSH, on the same connection,
-- so that a job that comes to an idle queue starts after one round trip.
-- KEYS[1] -> the landing list   KEYS[2] -> mt:working:<identity>:<name>   KEYS[3] -> mt:alive:<identity>
-- KEYS[4] -> paused   KEYS[5] -> queue:<name>
-- ARGV[1] -> name   ARGV[2] -> its delivery number
-- Returns the job and how many the queue has left; nil when none landed; 0 when it stays in the landing list for the next
-- claim: the process has no lease, or the queue is paused.
-- One step, so that a kill leaves the job in the landing list or in the hash.

local job = redis.call('RPOP', KEYS[1])
if not job then
  return false
end
if redis.call('EXISTS', KEYS[3]) == 0 or redis.call('SISMEMBER', KEYS[4], ARGV[1]) == 1 then
  redis.call('RPUSH', KEYS[1], job)
  return 0
end
local filed = redis.pcall('HSET', KEYS[2], tonumber(ARGV[2]), job)
if type(filed) == 'table' and filed.err then
  redis.call('RPUSH', KEYS[1], job)
  return filed
end
return { job, redis.call('LLEN', KEYS[5]) }
