-- keep_ledger.lua: take or renew the lease of a ledger's keeper, and return the epoch.
-- KEYS[1] -> mt:keeper:<ledger>   KEYS[2] -> mt:epoch
-- ARGV[1] -> the caller   ARGV[2] -> the lease in ms   ARGV[3] -> the epoch that begins if there is none
-- Returns 1 or 0, whether the caller keeps the ledger, and the epoch: a new one only where Redis lost its data.
-- One step: a kill leaves a lease that expires. PERSIST needs no memory: a step that has written may still add when
-- memory is full, and a ledger without a keeper frees none.

redis.call('PERSIST', KEYS[2])
redis.call('SET', KEYS[2], ARGV[3], 'NX')
local keeper = redis.call('GET', KEYS[1])
local keeps = not keeper or keeper == ARGV[1]
if keeps then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return { keeps and 1 or 0, redis.call('GET', KEYS[2]) }
