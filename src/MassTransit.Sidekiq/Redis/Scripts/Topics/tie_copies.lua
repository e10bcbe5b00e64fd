-- tie_copies.lua: a part of publish.lua for unique jobs and those of a batch, which defines the names that it uses.
-- ARGV[13], ARGV[15] -> see publish.lua
-- Returns nothing. The copies have been pushed: their locks are taken, and they join their batch.

-- join_batch.lua

local jids = {}
for _, made in ipairs(copies) do
  jids[#jids + 1] = made.lasts and made.jid or nil
  if made.lock then
    redis.call('SET', made.lock, made.jid, 'PX', ARGV[13])
  end
end
if batch then
  -- The message has not arrived as long as copies of it may still be made.
  batch_join(batch, jids, ARGV[15], #held == 0)
end
