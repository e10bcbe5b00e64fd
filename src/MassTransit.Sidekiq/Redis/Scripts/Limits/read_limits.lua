-- read_limits.lua: what the limits are, how much of them is used, and how many jobs wait.
-- KEYS[1] -> mt:limits
-- ARGV[1] -> key prefix   ARGV[2] -> how many limits at most   ARGV[3] -> how many keys of each at most
-- Returns for each limit: its name, its definition, and how many keys it has; then for the limit without a key, where it is used,
-- and for those keys that are used last: key, used, waiting, and when the last of them asks again, in float seconds ('' for never).
-- It only reads: a limit and each of its keys cost about 10 µs. A key of another type counts as unused.

local prefix, most_limits, most_keys = ARGV[1] .. 'mt:', tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function milliseconds(us)
  return string.format('%.0f', math.floor(us / 1000))
end

-- How many starts of a window are younger than its period: they are stored newest first.
local function starts(key, period)
  local low, high = 0, redis.call('LLEN', key)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local start = tonumber(redis.call('LINDEX', key, middle))
    if start > now - period then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

local function used(kind, most, period, key)
  local type = redis.call('TYPE', key).ok
  if kind == 'concurrent' and type == 'zset' then
    return redis.call('ZCOUNT', key, '(' .. milliseconds(now), '+inf')
  elseif kind == 'window' and type == 'list' then
    return starts(key, period)
  elseif kind == 'bucket' and type == 'string' then
    return math.max(0, math.ceil((tonumber(redis.call('GET', key)) - now) * most / period - 0.000001))
  end
  return 0
end

local function use(kind, most, period, id, key)
  local waiting = prefix .. 'limit-waiting:' .. id
  local waits = redis.pcall('ZCOUNT', waiting, string.format('%.6f', now / 1000000 - 60), '+inf')
  local last = type(waits) == 'number' and waits > 0 and redis.call('ZRANGE', waiting, -1, -1, 'WITHSCORES')[2] or ''
  return { key, used(kind, most, period, prefix .. 'limit:' .. id), type(waits) == 'number' and waits or 0, last }
end

local all, reply = redis.call('HGETALL', KEYS[1]), {}
for i = 1, math.min(#all, 2 * most_limits), 2 do
  local name = all[i]
  local kind, most, period = string.match(all[i + 1], '^(%a+) (%d+) (%d+)')
  if kind then
    most, period = tonumber(most), tonumber(period)
    local index = prefix .. 'limit-keys:' .. name
    local count = redis.pcall('ZCOUNT', index, milliseconds(now), '+inf')
    local uses = {}
    if type(count) ~= 'number' or count == 0 then
      count, uses[1] = 0, use(kind, most, period, name, '')
    else
      local whole = use(kind, most, period, name, '')
      if whole[2] > 0 or whole[3] > 0 then
        uses[1] = whole
      end
      for _, key in ipairs(redis.call('ZREVRANGE', index, 0, most_keys - 1)) do
        uses[#uses + 1] = use(kind, most, period, name .. ':' .. key, key)
      end
    end
    reply[#reply + 1] = { name, all[i + 1], count, uses }
  end
end
return reply
