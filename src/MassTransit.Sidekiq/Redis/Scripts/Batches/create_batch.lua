-- create_batch.lua: open a batch, to which jobs are added.
-- KEYS[1] -> mt:batch:<bid>   KEYS[2] -> mt:batches   KEYS[3] -> mt:batch:<bid> of the batch around it, '' for none
-- ARGV[1] -> the bid   ARGV[2] -> now, float seconds   ARGV[3] -> the bid of the batch around it
-- ARGV[4..] -> fields and values: description, and its callbacks as complete:0, success:0, ... (see batch.lua)
-- Returns 1; 2 when it exists and is still being filled, 0 when it was filled, and then nothing is done; -1 when the batch around it has ended or does not exist.
-- Keys made here: all three. One step: a kill or a refusal leaves all or none. Ten batches, picked
-- by the bid, are forgotten if they are gone.

-- batch.lua
-- join_batch.lua

if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.call('HEXISTS', KEYS[1], 'expected') == 1 and 0 or 2
end
if KEYS[3] ~= '' and not batch_is_open(KEYS[3]) then
  return -1
end
local prefix = string.match(KEYS[1], '^(.*)mt:batch:')
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
local from = tonumber(string.sub(redis.sha1hex(ARGV[1]), 1, 7), 16) % redis.call('ZCARD', KEYS[2])
for _, bid in ipairs(redis.call('ZRANGE', KEYS[2], from, from + 9)) do
  if bid ~= ARGV[1] and redis.call('EXISTS', prefix .. 'mt:batch:' .. bid) == 0 then
    redis.call('ZREM', KEYS[2], bid)
  end
end
redis.call('HSET', KEYS[1], 'created', ARGV[2], unpack(ARGV, 4))
if KEYS[3] ~= '' then
  redis.call('HSET', KEYS[1], 'parent', ARGV[3])
  batch_join(KEYS[3], { 'batch:' .. ARGV[1] }, ARGV[2], false)
end
redis.call('EXPIRE', KEYS[1], 2592000)
return 1
