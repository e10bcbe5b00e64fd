-- limit_kinds.lua: a part of take_limits.lua, which defines the names that it uses: what each kind of limit stores, when it has room,
-- and what a start takes of it.
-- KEYS[1], ARGV[3] -> see take_limits.lua
-- Returns nothing: it defines functions.
-- Slots are a sorted set, holder -> when it ends, in ms. Starts are a list in µs, the newest first, those to come included. A bucket
-- is the time in µs at which it will be empty.

local types = { concurrent = 'zset', window = 'list', bucket = 'string' }

local function define(limit, name, own)
  local kind, most, period = string.match(redis.call('HGET', KEYS[1], name) or '', '^(%a+) (%d+) (%d+)')
  if not types[kind] then
    redis.call('HSET', KEYS[1], name, own .. ' ' .. time[1])
    redis.call('EXPIRE', KEYS[1], ARGV[3])
    kind, most, period = string.match(own, '^(%a+) (%d+) (%d+)')
  end
  limit.kind, limit.most, limit.period = kind, tonumber(most), tonumber(period)
  limit.ahead = math.min(limit.period / 10, 100000)
  if kind == 'window' then
    limit.period = limit.period + math.min(limit.period / 40, 1000000)
  end
  limit.spacing = limit.period / limit.most
  local type = redis.call('TYPE', limit.state).ok
  if type ~= 'none' and type ~= types[kind] then
    -- It was a limit of another kind before.
    redis.call('DEL', limit.state)
  end
  if kind == 'concurrent' then
    redis.call('ZREMRANGEBYSCORE', limit.state, '-inf', milliseconds(now))
    limit.held = redis.call('ZCARD', limit.state)
  elseif kind == 'window' then
    local oldest = redis.call('LINDEX', limit.state, -1)
    while oldest and tonumber(oldest) <= now - limit.period do
      redis.call('RPOP', limit.state)
      oldest = redis.call('LINDEX', limit.state, -1)
    end
  else
    limit.empty = tonumber(redis.call('GET', limit.state) or 0)
  end
end

-- When a job could start: now, or later.
local function next_start(limit, holder)
  if limit.kind == 'concurrent' then
    local has_room = limit.held < limit.most or redis.call('ZSCORE', limit.state, holder)
    return has_room and now or math.huge
  elseif limit.kind == 'window' then
    -- The start that must be a period ago, if there are so many; and starts are taken in their order.
    local before = redis.call('LINDEX', limit.state, limit.most - 1)
    local last = redis.call('LINDEX', limit.state, 0)
    return math.max(now, before and before + limit.period or 0, tonumber(last or 0))
  end
  return math.max(now, limit.empty + limit.spacing - limit.period)
end

local function take(limit, holder, start)
  limit.taken = true
  if limit.kind == 'concurrent' then
    limit.held = limit.held + redis.call('ZADD', limit.state, milliseconds(now + lease), holder)
  elseif limit.kind == 'window' then
    redis.call('LPUSH', limit.state, whole(math.ceil(start)))
  else
    limit.empty = math.max(limit.empty, start) + limit.spacing
  end
end

local function store_state(limit)
  if limit.kind == 'concurrent' then
    redis.call('PEXPIRE', limit.state, milliseconds(lease))
  elseif limit.kind == 'window' then
    redis.call('PEXPIRE', limit.state, milliseconds(limit.period + limit.ahead))
  else
    redis.call('SET', limit.state, string.format('%.2f', limit.empty), 'PX', milliseconds(limit.empty - now))
  end
end
