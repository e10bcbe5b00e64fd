-- renew.lua: renew the lease of a process, and say again where it may have claims.
-- KEYS[1] -> mt:alive:<identity>   KEYS[2] -> mt:owners
-- ARGV[1] -> life in ms   ARGV[2..] -> "<identity>|<queue>" of each queue it claims from
-- Returns 1, or 0 when the lease had ended: a rescuer may have moved its claims and forgotten it as an owner.
-- One step: a kill cannot leave a lease whose end frees nothing.

if #ARGV > 1 then
  redis.call('SADD', KEYS[2], unpack(ARGV, 2))
end
return redis.call('SET', KEYS[1], 1, 'PX', ARGV[1], 'GET') and 1 or 0
