-- remove_tied.lua: delete a job that waits, with what is tied to it.
-- KEYS[1] -> queue:<name>, or retry, schedule or dead   KEYS[2] -> sidekiq:unique:<lock>, '' for none
-- KEYS[3] -> mt:batch:<bid>, '' for none
-- ARGV[1] -> the job as it was read   ARGV[2] -> its jid   ARGV[3] -> 1 for a queue, where it costs one walk as LREM does
-- ARGV[4] -> now, float seconds
-- Returns 1, or 0 when it has left: then nothing is done. One step: a kill leaves all or none. The job is removed first (see end_tied.lua).

-- batch.lua

local removed = 0
if ARGV[3] == '1' then
  removed = redis.call('LREM', KEYS[1], 1, ARGV[1])
else
  removed = redis.call('ZREM', KEYS[1], ARGV[1])
end
if removed == 1 and KEYS[2] ~= '' and redis.pcall('GET', KEYS[2]) == ARGV[2] then
  redis.call('DEL', KEYS[2])
end
if removed == 1 and KEYS[3] ~= '' then
  batch_report(KEYS[3], ARGV[2], 'dropped', ARGV[4])
end
return removed
