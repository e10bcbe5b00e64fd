-- look.lua: which owners have a lease, and which have none any more?
-- KEYS[1] -> mt:owners
-- ARGV[1] -> what precedes the identity in mt:alive:<identity>   ARGV[2] -> 1 to tell also how long each lease lasts, else 0
-- ARGV[3] -> how many orphans to return at most
-- Returns members "<identity>|<queue>" without a lease; and identity, what it says, and ms left (or 0) of each lease.
-- Bound: one GET for each live process. Reads only.

local known, orphans, leases = {}, {}, {}
for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local identity = string.match(member, '^(.-)|') or member
  if known[identity] == nil then
    local lease = ARGV[1] .. identity
    known[identity] = redis.call('GET', lease)
    if known[identity] then
      leases[#leases + 1] = identity
      leases[#leases + 1] = known[identity]
      leases[#leases + 1] = ARGV[2] == '1' and redis.call('PTTL', lease) or 0
    end
  end
  if not known[identity] and #orphans < tonumber(ARGV[3]) then
    orphans[#orphans + 1] = member
  end
end
return { orphans, leases }
