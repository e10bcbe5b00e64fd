-- keep_limits.lua: let the slots of running jobs last a while longer.
-- For the i-th slot (from 0): KEYS[1 + 2i] -> mt:limit:<id>   KEYS[2 + 2i] -> mt:limit-keys:<name>
-- ARGV[1] -> how long each lasts from now, in ms   ARGV[2..] -> for each slot: its holder, the limit's key ('' for none)
-- Returns how many are held. One that had ended is held again, since its job still runs; of a limit that has become another kind,
-- none is. A kill leaves each as it was or extended; Redis without memory extends those that there are.

local time = redis.call('TIME')
local ends = time[1] * 1000 + math.ceil(time[2] / 1000) + ARGV[1]
local kept = 0
for i = 1, #KEYS, 2 do
  redis.pcall('PEXPIRE', KEYS[i], ARGV[1])
  local answer = redis.pcall('ZADD', KEYS[i], string.format('%.0f', ends), ARGV[i + 1])
  if type(answer) == 'number' then
    redis.call('PEXPIRE', KEYS[i], ARGV[1])
    kept = kept + 1
    if ARGV[i + 2] ~= '' then
      redis.call('ZADD', KEYS[i + 1], 'GT', string.format('%.0f', ends + 60000), ARGV[i + 2])
      redis.call('PEXPIREAT', KEYS[i + 1], redis.call('ZRANGE', KEYS[i + 1], -1, -1, 'WITHSCORES')[2])
    end
  end
end
return kept
