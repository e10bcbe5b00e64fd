-- renew.lua: take or renew the lease of a process, and register again where it may have claims.
-- KEYS[1] -> mt:alive:<identity>   KEYS[2] -> mt:owners
-- ARGV[1] -> life in ms   ARGV[2..] -> "<identity>|<queue>" of each queue it claims from
-- Returns 1, or 0 when the lease had ended: a rescuer may have moved its claims and forgotten it as an owner.
-- One step: a kill cannot leave a lease whose end frees nothing. PEXPIRE comes first since it needs no memory: a step that
-- has written may still add when memory is full, and a process that could not renew would free none.

local lives = redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 1
if #ARGV > 1 then
  redis.call('SADD', KEYS[2], unpack(ARGV, 2))
end
if not lives then
  redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
end
return lives and 1 or 0
