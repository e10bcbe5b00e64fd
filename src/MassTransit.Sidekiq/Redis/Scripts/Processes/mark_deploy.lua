-- mark_deploy.lua: mark a deploy on the charts of Sidekiq's metrics, as Sidekiq::Deploy does.
-- KEYS[1] -> deploylock-<label>   KEYS[2] -> <day>-marks
-- ARGV[1] -> the minute of the deploy, in ISO 8601   ARGV[2] -> its label
-- Returns 1, or 0 when this label was marked within the last minute, or another one in the same minute: as in Ruby, each
-- process of a deploy may mark it, and the first one does. Marks are kept for 90 days.
-- One step: a kill leaves a mark or none, and so does a refusal, which removes the lock.

if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', 60) then
  return 0
end
local marked = redis.pcall('HSETNX', KEYS[2], ARGV[1], ARGV[2])
if type(marked) == 'table' and marked.err then
  redis.call('DEL', KEYS[1])
  return marked
end
redis.call('EXPIRE', KEYS[2], 7776000)
return marked
