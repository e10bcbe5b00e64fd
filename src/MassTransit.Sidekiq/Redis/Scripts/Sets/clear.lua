-- clear.lua: empty a queue, or a set of jobs.
-- KEYS[1] -> queue:<name>, or retry, schedule or dead   KEYS[2] -> queues
-- ARGV[1] -> name of the queue; '' for a set
-- Returns how many jobs there were. One step: what is pushed meanwhile is counted, or stays and lists its queue again.

local isSet = ARGV[1] == ''
local jobs = redis.call(isSet and 'ZCARD' or 'LLEN', KEYS[1])
redis.call('UNLINK', KEYS[1])
if not isSet then
  redis.call('SREM', KEYS[2], ARGV[1])
end
return jobs
