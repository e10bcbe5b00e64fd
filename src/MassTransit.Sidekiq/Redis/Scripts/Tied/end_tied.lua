-- end_tied.lua: acknowledge a job that something ends with: the lock of a unique one, the place in a batch, the state of one that
-- iterates, the mark of a cancelled one.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> sidekiq:unique:<lock>, '' for none   KEYS[3] -> mt:batch:<bid>, '' for none
-- KEYS[4] -> it-<jid> of a job that iterates or was cancelled
-- ARGV[1] -> delivery number   ARGV[2] -> its jid   ARGV[3] -> what its batch is told: success, dropped or death
-- ARGV[4] -> now, float seconds
-- Returns 1, or 0 when the claim is gone: then another process has the job, with all that is tied to it.
-- One step: a kill leaves all or none. The claim is removed first, since a step that has removed something may still add when
-- memory is full: the callbacks of the batch.

-- batch.lua

if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
  return 0
end
if KEYS[4] then
  redis.call('DEL', KEYS[4])
end
if KEYS[2] ~= '' and redis.pcall('GET', KEYS[2]) == ARGV[2] then
  redis.call('DEL', KEYS[2])
end
if KEYS[3] ~= '' then
  batch_report(KEYS[3], ARGV[2], ARGV[3], ARGV[4])
end
return 1
