-- keep_locks.lua: let the locks of running jobs last a while longer.
-- KEYS[1..] -> sidekiq:unique:<lock> of each (at most 1000)
-- ARGV[1] -> how long each lasts at least from now, in ms   ARGV[2..] -> the jids of the jobs
-- Returns how many were extended; a lock that another job holds is not. It needs no memory; a kill leaves each as it was or extended.

local kept = 0
for i, key in ipairs(KEYS) do
  if redis.pcall('GET', key) == ARGV[i + 1] and redis.call('PTTL', key) < tonumber(ARGV[1]) then
    kept = kept + redis.call('PEXPIRE', key, ARGV[1])
  end
end
return kept
