-- find_jobs.lua: read the ids of some of the jobs in a list, a set or a hash.
-- KEYS[1] -> the list, sorted set or hash
-- ARGV[1] -> the cursor: 0 at first, then what the last call returned   ARGV[2] -> how many jobs at most, about
-- Returns the next cursor, 0 at the end, and then the ids. A list is read from its left, where jobs are pushed: what moves
-- meanwhile is read twice rather than not at all. A string that only looks like an id counts too: finding a job that is not
-- there is better than missing one. Reads only. Bound: 1 µs a job and 1 µs per KB of them.

local from, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local kind = redis.call('TYPE', KEYS[1]).ok
local reply, texts = { 0 }, {}

if kind == 'list' then
  texts = redis.call('LRANGE', KEYS[1], from, from + most - 1)
  if #texts == most then
    reply[1] = from + most
  end
elseif kind == 'zset' or kind == 'hash' then
  local found = redis.call(kind == 'zset' and 'ZSCAN' or 'HSCAN', KEYS[1], ARGV[1], 'COUNT', most)
  reply[1] = found[1]
  -- The member of a set, the value of a hash.
  for i = kind == 'zset' and 1 or 2, #found[2], 2 do
    texts[#texts + 1] = found[2][i]
  end
end

for _, text in ipairs(texts) do
  -- Quotes are escaped where a job is a string in the description of a Ruby thread's work.
  for jid in string.gmatch(text, [[jid\*"%s*:%s*\*"([%w%-]+)]]) do
    reply[#reply + 1] = jid
  end
end
return reply
