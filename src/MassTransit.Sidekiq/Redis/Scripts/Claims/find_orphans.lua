-- find_orphans.lua: which owners have no lease any more?
-- KEYS[1] -> mt:owners   KEYS[2] -> mt:rescuer: the process that sets it looks, all others leave it to that one
-- ARGV[1] -> what precedes the identity in mt:alive:<identity>   ARGV[2] -> for how many ms one look is enough
-- Returns up to 100 members "<identity>|<queue>", or nothing when another process has looked recently or is still looking.
-- Bound: one EXISTS for each live process, however many processes ask. One step: a kill leaves a key that expires.
-- PERSIST needs no memory: a step that has written may still add when memory is full, and the dead processes' jobs would wait.

local turn = ARGV[2] == '0' or redis.pcall('SET', KEYS[2], 1, 'NX', 'PX', ARGV[2])
if type(turn) == 'table' and turn.err then
  redis.call('PERSIST', KEYS[1])
  turn = redis.call('SET', KEYS[2], 1, 'NX', 'PX', ARGV[2])
end
if not turn then
  return {}
end

local alive, orphans = {}, {}
for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local identity = string.match(member, '^(.-)|') or member
  if alive[identity] == nil then
    alive[identity] = redis.call('EXISTS', ARGV[1] .. identity)
  end
  if alive[identity] == 0 then
    orphans[#orphans + 1] = member
    if #orphans == 100 then
      -- There may be more: whichever process asks next looks again.
      redis.call('DEL', KEYS[2])
      break
    end
  end
end
return orphans
