-- end_lease.lua: end the lease of a process whose connections have been closed for a while, unless it was renewed meanwhile.
-- KEYS[1] -> mt:alive:<identity>
-- ARGV[1] -> what it said   ARGV[2] -> the most ms it may have left: more when it was renewed
-- Returns 1 when the lease has ended, else 0.
-- One step: a process that renews before it keeps its claims; one that renews after it finds that its lease had ended. A kill
-- or a refusal leaves the lease, or an owner without one, whose jobs are rescued as if it had expired.

if redis.call('GET', KEYS[1]) ~= ARGV[1] or redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then
  return 0
end
return redis.call('DEL', KEYS[1])
