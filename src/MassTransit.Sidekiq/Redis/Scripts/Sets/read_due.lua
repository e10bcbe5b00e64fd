-- read_due.lua: read some due members of a set, soonest first, starting after one that was read before and stays there.
-- KEYS[1] -> retry or schedule
-- ARGV[1] -> now, float seconds   ARGV[2] -> the member before, '' when there is none
-- ARGV[3] -> its score, or the first score wanted; '' for all   ARGV[4] -> how many (at most 100)
-- Returns members and scores in turn. A member that has left is located by its score: the page may then begin with some that
-- were read before. Two steps of O(log n) and the page itself, however large the set. Reads only.

local first = 0
local before = ARGV[2] ~= '' and redis.call('ZRANK', KEYS[1], ARGV[2])
if before then
  first = before + 1
elseif ARGV[3] ~= '' then
  first = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. ARGV[3])
end
local found = redis.call('ZRANGE', KEYS[1], first, first + ARGV[4] - 1, 'WITHSCORES')
local now, due = tonumber(ARGV[1]), {}
for i = 1, #found, 2 do
  if tonumber(found[i + 1]) > now then
    break
  end
  due[i], due[i + 1] = found[i], found[i + 1]
end
return due
