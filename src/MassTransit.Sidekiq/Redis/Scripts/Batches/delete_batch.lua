-- delete_batch.lua: forget a batch; its jobs go on, and its callbacks never come.
-- KEYS[1] -> mt:batch:<bid>   KEYS[2] -> mt:batch:<bid>:open   KEYS[3] -> mt:batches
-- ARGV[1] -> the bid   ARGV[2] -> now, float seconds
-- Returns how many keys there were. A batch around it does not wait for it any more. One step: a kill leaves all or none; the keys
-- are removed first, since a step that has removed something may still add when memory is full.

-- batch.lua

local parent = redis.pcall('HGET', KEYS[1], 'parent')
local deleted = redis.call('DEL', KEYS[1], KEYS[2])
redis.pcall('ZREM', KEYS[3], ARGV[1])
if type(parent) == 'string' then
  batch_report(string.match(KEYS[1], '^(.*mt:batch:)') .. parent, 'batch:' .. ARGV[1], 'dropped', ARGV[2])
end
return deleted
