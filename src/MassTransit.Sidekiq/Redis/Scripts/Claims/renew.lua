-- renew.lua: take the lease of a process, or renew it and what it says, and register again where the process may have claims.
-- KEYS[1] -> mt:alive:<identity>   KEYS[2] -> mt:owners
-- ARGV[1] -> life in ms   ARGV[2] -> what the lease says: "connections <id> …", or ''
-- ARGV[3..] -> "<identity>|<queue>" of each queue it claims from
-- Returns 1, or 0 when the lease had ended: a rescuer may have moved its claims and forgotten it as an owner.
-- One step: a kill cannot leave a lease whose end frees nothing. PEXPIRE comes first since it needs no memory: a step that
-- has written may still add when memory is full, and a process that could not renew would free none.

local lives = redis.call('PEXPIRE', KEYS[1], ARGV[1])
if #ARGV > 2 then
  redis.call('SADD', KEYS[2], unpack(ARGV, 3))
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1])
return lives
