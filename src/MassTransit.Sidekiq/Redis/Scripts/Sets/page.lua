-- page.lua: read some members of a sorted set, starting after one that was read before.
-- KEYS[1] -> retry, schedule or dead
-- ARGV[1] -> 1 for the highest scores first   ARGV[2] -> the member before, '' when there is none
-- ARGV[3] -> its score, or the first score wanted; '' for all   ARGV[4] -> how many
-- Returns members and scores in turn. A member that has left, or has another score by now, is located by the score it had: the
-- page may then begin with some that were read before. Three steps of O(log n) and the page itself, however large the set. Reads only.

local up = ARGV[1] ~= '1'
local score = ARGV[2] ~= '' and redis.call('ZSCORE', KEYS[1], ARGV[2])
local before = score
  and tonumber(score) == tonumber(ARGV[3])
  and redis.call(up and 'ZRANK' or 'ZREVRANK', KEYS[1], ARGV[2])
local first = 0
if before then
  first = before + 1
elseif ARGV[3] ~= '' and up then
  first = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[3])
elseif ARGV[3] ~= '' then
  first = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[3], '+inf')
end
return redis.call(up and 'ZRANGE' or 'ZREVRANGE', KEYS[1], first, first + ARGV[4] - 1, 'WITHSCORES')
