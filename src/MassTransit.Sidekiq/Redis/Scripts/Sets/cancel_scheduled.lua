-- cancel_scheduled.lua: remove the jobs of a token from the scheduled set.
-- KEYS[1] -> schedule   KEYS[2] -> mt:token:<id>, which holds their score
-- ARGV[1] -> the token as stored in the job: "token":"<guid>"
-- ARGV[2] -> mt:completed: with the prefix   ARGV[3] -> now, float seconds
-- ARGV[4] -> sidekiq:unique: with the prefix   ARGV[5] -> mt:batch: with the prefix
-- Returns how many were removed: a published message has one job for each queue; 0 when they have left the set.
-- Keys made here: mt:completed:<ledger> (ZSET), for a job whose ledger waits for its end.
-- Bound: the jobs that share the score. One step: a kill leaves all or none; the token is removed with its jobs.

-- batch.lua

local score = redis.call('GET', KEYS[2])
if not score then
  return 0
end
local count = 0
for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], score, score)) do
  if string.find(job, ARGV[1], 1, true) then
    count = count + redis.call('ZREM', KEYS[1], job)
    local is_tied = string.find(job, '"unique_digest"', 1, true) or string.find(job, '"mt_batch"', 1, true)
    local parsed, fields = pcall(cjson.decode, is_tied and job or '[]')
    if parsed and fields.mt_batch then
      batch_report(ARGV[5] .. tostring(fields.mt_batch), fields.jid, 'dropped', ARGV[3])
    end
    if parsed and fields.unique_digest and fields.unique_until ~= 'expiry' then
      local lock = ARGV[4] .. (fields.unique_queue or fields.queue) .. ':' .. fields.class .. ':' .. fields.unique_digest
      if redis.pcall('GET', lock) == fields.jid then
        redis.call('DEL', lock)
      end
    end
    local _, before = string.find(job, ARGV[1] .. ',"ledger":"', 1, true)
    if before then
      local ledger, jid = string.match(job, '[^"]+', before + 1), string.match(job, '.*"jid":"(%x+)"')
      redis.call('ZADD', ARGV[2] .. ledger, ARGV[3], jid or '')
    end
  end
end
redis.call('DEL', KEYS[2])
return count
