-- take_limits.lua: let jobs start for which all their limits have room, and tell the others when to ask again.
-- KEYS[1] -> mt:limits
-- For the i-th limit (from 0): KEYS[2 + 4i] -> mt:limit:<id>   KEYS[3 + 4i] -> mt:limit-line:<id>
--   KEYS[4 + 4i] -> mt:limit-waiting:<id>   KEYS[5 + 4i] -> mt:limit-keys:<name>
-- ARGV[1] -> how many limits   ARGV[2] -> how long a slot is held that nobody keeps, in ms
-- ARGV[3] -> how long a definition is stored that was missing, in seconds
-- ARGV[4..] -> for each limit: its name, its key ('' for none), and its definition: '<kind> <most> <period in µs>', where kind is
--   concurrent, window or bucket; then for each job: a name for the holder of its slots, its queue and jid with a newline
--   between, how often it was denied before, how many limits it has, and their positions (from 0)
-- Returns for each job an array: 0 and the positions of the limits of which it holds a slot now; or, when it was denied, the time
-- to ask again, in µs since 1970, and the positions of the limits that have no room. The definition in KEYS[1] takes precedence.
-- A window counts starts for a fiftieth of its period (at most 1 s) longer than that: a job that has not started within this time of
-- asking asks again, so that late answers cannot bring too many starts into one period.
-- A job takes of all its limits or of none. A slot that its holder already has is taken once. By Redis's clock. About 10 µs a job.
-- One step: a kill leaves slots that end with their time, and starts that are counted. The first write needs no memory, so that
-- jobs still start when it is full.

local types = { concurrent = 'zset', window = 'list', bucket = 'string' }
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local count, lease = tonumber(ARGV[1]), ARGV[2] * 1000
local minute = 60 * 1000000

local function whole(number)
  return string.format('%.0f', number)
end

-- In ms, rounded up.
local function milliseconds(us)
  return whole(math.ceil(us / 1000))
end

local function define(limit, name, own)
  local kind, most, period = string.match(redis.call('HGET', KEYS[1], name) or '', '^(%a+) (%d+) (%d+)')
  if not types[kind] then
    redis.call('HSET', KEYS[1], name, own .. ' ' .. time[1])
    redis.call('EXPIRE', KEYS[1], ARGV[3])
    kind, most, period = string.match(own, '^(%a+) (%d+) (%d+)')
  end
  limit.kind, limit.most, limit.period = kind, tonumber(most), tonumber(period)
  if kind == 'window' then
    limit.period = limit.period + math.min(limit.period / 50, 1000000)
  end
  limit.spacing = limit.period / limit.most
  local type = redis.call('TYPE', limit.state).ok
  if type ~= 'none' and type ~= types[kind] then
    -- It was a limit of another kind before.
    redis.call('DEL', limit.state)
  end
end

local function count_free(limit)
  if limit.kind == 'concurrent' then
    redis.call('ZREMRANGEBYSCORE', limit.state, '-inf', milliseconds(now))
    limit.free = limit.most - redis.call('ZCARD', limit.state)
  elseif limit.kind == 'window' then
    local oldest = redis.call('LINDEX', limit.state, -1)
    while oldest and tonumber(oldest) <= now - limit.period do
      redis.call('RPOP', limit.state)
      oldest = redis.call('LINDEX', limit.state, -1)
    end
    limit.free = limit.most - redis.call('LLEN', limit.state)
  else
    -- When the bucket will be empty.
    limit.empty = math.max(tonumber(redis.call('GET', limit.state) or 0), now)
    limit.free = math.floor((now + limit.period - limit.empty) / limit.spacing + 0.000001)
  end
end

local function has_room(limit, holder)
  return limit.free > 0 or limit.kind == 'concurrent' and redis.call('ZSCORE', limit.state, holder)
end

local function take(limit, holder)
  limit.taken = true
  if limit.kind == 'concurrent' then
    limit.free = limit.free - redis.call('ZADD', limit.state, milliseconds(now + lease), holder)
  elseif limit.kind == 'window' then
    redis.call('LPUSH', limit.state, whole(now))
    limit.free = limit.free - 1
  else
    limit.empty = limit.empty + limit.spacing
    limit.free = limit.free - 1
  end
end

-- Each denied job gets an instant of its own, one spacing after the one before, so that they do not come back together. Jobs that
-- come back have a line of their own, so that they do not go to the end of a long one.
local function line_up(limit, denied)
  if not limit.line then
    local stored = redis.call('HMGET', limit.lines, 'first', 'again', 'took')
    limit.line = { first = tonumber(stored[1] or 0), again = tonumber(stored[2] or 0) }
    if limit.kind == 'concurrent' then
      limit.spacing = math.min(math.max((stored[3] or 1000) * 1000 / limit.most, 1000), lease)
    end
  end
  local room
  if limit.kind == 'concurrent' then
    room = now + limit.spacing
  elseif limit.kind == 'window' then
    room = redis.call('LINDEX', limit.state, limit.most - 1) + limit.period
  else
    room = limit.empty + limit.spacing - limit.period
  end
  local line = denied > 0 and 'again' or 'first'
  local due = math.max(limit.line[line], room)
  limit.line[line] = due + limit.spacing
  if limit.kind == 'concurrent' then
    -- The end of another job wakes it; it comes by itself only in case that one was killed.
    due = math.max(due, now + math.min(denied, 100) * lease / 5)
  end
  limit.due = math.max(limit.due or 0, due)
  return due
end

local function list_key(limit)
  local ends = minute + math.max(now + (limit.kind == 'concurrent' and lease or limit.period), limit.due or 0)
  redis.call('ZREMRANGEBYSCORE', limit.keys, '-inf', milliseconds(now))
  redis.call('ZADD', limit.keys, 'GT', milliseconds(ends), limit.key)
  redis.call('PEXPIREAT', limit.keys, redis.call('ZRANGE', limit.keys, -1, -1, 'WITHSCORES')[2])
end

local function store(limit)
  if limit.taken then
    if limit.kind == 'concurrent' then
      redis.call('PEXPIRE', limit.state, milliseconds(lease))
    elseif limit.kind == 'window' then
      redis.call('PEXPIRE', limit.state, milliseconds(limit.period))
    else
      redis.call('SET', limit.state, string.format('%.2f', limit.empty), 'PX', milliseconds(limit.empty - now))
    end
  end
  if limit.line then
    redis.call('HSET', limit.lines, 'first', whole(limit.line.first), 'again', whole(limit.line.again))
    redis.call('PEXPIREAT', limit.lines, milliseconds(math.max(limit.line.first, limit.line.again) + 10 * minute))
  end
  if limit.key ~= '' then
    list_key(limit)
  end
end

local limits, arg = {}, 4
for i = 0, count - 1 do
  local limit = { state = KEYS[4 * i + 2], lines = KEYS[4 * i + 3], waiting = KEYS[4 * i + 4], keys = KEYS[4 * i + 5] }
  redis.call('ZREMRANGEBYSCORE', limit.waiting, '-inf', string.format('%.6f', (now - minute) / 1000000))
  limit.key = ARGV[arg + 1]
  define(limit, ARGV[arg], ARGV[arg + 2])
  count_free(limit)
  limits[i], arg = limit, arg + 3
end

local answers = {}
while arg <= #ARGV do
  local holder, waiter, denied, used = ARGV[arg], ARGV[arg + 1], tonumber(ARGV[arg + 2]), tonumber(ARGV[arg + 3])
  local positions, slots, full = {}, { 0 }, { 0 }
  for j = 1, used do
    local position = tonumber(ARGV[arg + 3 + j])
    positions[j] = position
    if not has_room(limits[position], holder) then
      full[#full + 1] = position
    elseif limits[position].kind == 'concurrent' then
      slots[#slots + 1] = position
    end
  end
  if #full == 1 then
    for _, position in ipairs(positions) do
      take(limits[position], holder)
      if denied > 0 then
        redis.call('ZREM', limits[position].waiting, waiter)
      end
    end
    answers[#answers + 1] = slots
  else
    for j = 2, #full do
      full[1] = math.max(full[1], math.ceil(line_up(limits[full[j]], denied)))
    end
    answers[#answers + 1] = full
  end
  arg = arg + 4 + used
end
for i = 0, count - 1 do
  store(limits[i])
end
return answers
