-- prune.lua: remove processes that died from Sidekiq's registry, as each of Ruby's processes does too.
-- KEYS[1] -> processes   KEYS[2] -> process_cleanup: the process that sets it looks, all others skip it for a minute
-- ARGV[1] -> key prefix
-- Returns how many were removed. A process counts as dead when its description has expired.
-- Keys made here: <identity> (HASH), read. One step: a process that beats meanwhile is back with its next beat. PERSIST needs
-- no memory: a step that has written may still add when memory is full.

redis.call('PERSIST', KEYS[1])
if not redis.call('SET', KEYS[2], 1, 'NX', 'EX', 60) then
  return 0
end
local dead = 0
for _, identity in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  -- A key of another type does not describe a process either.
  if redis.pcall('HEXISTS', ARGV[1] .. identity, 'info') ~= 1 then
    dead = dead + redis.call('SREM', KEYS[1], identity)
  end
end
return dead
