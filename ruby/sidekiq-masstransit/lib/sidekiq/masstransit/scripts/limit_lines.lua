-- limit_lines.lua: a part of take_limits.lua, which defines the names that it uses: when denied jobs ask again.
-- Returns nothing: it defines functions.
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
  -- A window and a bucket let it start a little before there is room.
  local room = limit.kind == 'concurrent' and now + limit.spacing or limit.next - limit.ahead / 2
  local line = denied > 0 and 'again' or 'first'
  local due = math.max(limit.line[line], room)
  limit.line[line] = due + limit.spacing
  if limit.kind == 'concurrent' then
    -- The end of another job brings it back; it comes by itself only in case that one was killed.
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
    store_state(limit)
  end
  if limit.line then
    redis.call('HSET', limit.lines, 'first', whole(limit.line.first), 'again', whole(limit.line.again))
    redis.call('PEXPIREAT', limit.lines, milliseconds(math.max(limit.line.first, limit.line.again) + 10 * minute))
  end
  if limit.key ~= '' then
    list_key(limit)
  end
end
