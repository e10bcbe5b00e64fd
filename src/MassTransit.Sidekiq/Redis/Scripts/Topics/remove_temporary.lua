-- remove_temporary.lua: end a temporary queue, with its jobs and its subscriptions.
-- KEYS[1] -> mt:temporary:<name>   KEYS[2] -> queue:<name>   KEYS[3..] -> mt:topic:<entity> of each subscription
-- ARGV[1] -> the name
-- Returns how many jobs were removed with it. One step: a publisher sees the queue with its subscriptions, or neither.

local jobs = redis.call('LLEN', KEYS[2])
redis.call('DEL', KEYS[1])
redis.call('UNLINK', KEYS[2])
for i = 3, #KEYS do
  redis.call('HDEL', KEYS[i], ARGV[1])
end
return jobs
