-- declare_limits.lua: store what limits a starting process has; they apply to all processes from now on.
-- KEYS[1] -> mt:limits
-- ARGV[1] -> how long a definition is stored, in seconds
-- ARGV[2..] -> for each limit: its name and its definition, '<kind> <most> <period in µs>'
-- Returns for each limit whose definition was another: its name, and that.
-- One step, so that no hash without a TTL is left behind; a refusal changes nothing but that.

local now = redis.call('TIME')[1]
local changed = {}
redis.call('EXPIRE', KEYS[1], ARGV[1])
for i = 2, #ARGV, 2 do
  local before = string.match(redis.call('HGET', KEYS[1], ARGV[i]) or '', '^%a+ %d+ %d+')
  if before and before ~= ARGV[i + 1] then
    changed[#changed + 1] = ARGV[i]
    changed[#changed + 1] = before
  end
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] .. ' ' .. now)
end
-- Those that no process has declared since. A process that still uses one stores it again.
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local declared = tonumber(string.match(all[i + 1], '(%d+)$'))
  if not declared or declared < now - ARGV[1] then
    redis.call('HDEL', KEYS[1], all[i])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return changed
