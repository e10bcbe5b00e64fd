-- purge.lua: remove all waiting jobs of a queue.
-- KEYS[1] -> queue:<name>
-- Returns how many there were. One step: what is pushed meanwhile is counted or stays.

local jobs = redis.call('LLEN', KEYS[1])
redis.call('UNLINK', KEYS[1])
return jobs
