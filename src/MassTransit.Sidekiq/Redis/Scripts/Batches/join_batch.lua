-- join_batch.lua: a part of the steps that add jobs to a batch, after batch.lua.
-- Returns nothing; it defines batch_join. Keys made here: mt:batch:<bid>:open (HASH).

-- Adds jobs; those that are open already are not counted again. `arrives`: as a whole message, which has no job if it has no
-- subscriber.
local function batch_join(batch, jids, now, arrives)
  local new = 0
  for _, jid in ipairs(jids) do
    new = new + redis.call('HSETNX', batch .. ':open', jid, '')
  end
  redis.call('HINCRBY', batch, 'total', new)
  redis.call('HINCRBY', batch, 'pending', new)
  if arrives and (new > 0 or #jids == 0) then
    redis.call('HINCRBY', batch, 'arrived', 1)
  end
  batch_settle(batch, now)
end
