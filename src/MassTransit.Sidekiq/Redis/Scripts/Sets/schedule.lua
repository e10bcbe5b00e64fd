-- schedule.lua: add a job to the scheduled set, so that its token can remove it again.
-- KEYS[1] -> schedule   KEYS[2] -> mt:token:<id>
-- ARGV[1] -> the job   ARGV[2] -> due, float seconds   ARGV[3] -> end of the token, unix ms: a day after the job is due
-- Returns nothing. One step: a kill leaves both or neither.

redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2], 'PXAT', ARGV[3])
