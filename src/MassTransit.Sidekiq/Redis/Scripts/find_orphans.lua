-- find_orphans.lua: which owners have no lease any more?
-- KEYS[1] -> mt:owners   ARGV[1] -> what stands before the identity in mt:alive:<identity>
-- Returns up to 100 members "<identity>|<queue>". Reads only. Bound: one EXISTS for each live process.

local alive, orphans = {}, {}
for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local identity = string.match(member, '^(.-)|') or member
  if alive[identity] == nil then
    alive[identity] = redis.call('EXISTS', ARGV[1] .. identity)
  end
  if alive[identity] == 0 then
    orphans[#orphans + 1] = member
    if #orphans == 100 then
      break
    end
  end
end
return orphans
