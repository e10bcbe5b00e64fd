-- arrive.lua: count a message that was added to a batch and became no job, since another one is unique.
-- KEYS[1] -> mt:batch:<bid>
-- ARGV[1] -> now, float seconds
-- Returns 1, or 0 when there is no such batch. One step: a kill or a refusal leaves it as it was, waiting for the message.

-- batch.lua
-- join_batch.lua

if not batch_is_open(KEYS[1]) then
  return 0
end
batch_join(KEYS[1], {}, ARGV[1], true)
return 1
