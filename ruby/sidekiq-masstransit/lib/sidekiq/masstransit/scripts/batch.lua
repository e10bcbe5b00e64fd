-- batch.lua: a part of the steps that add a job to a batch, or end one: what the batch makes of it.
-- Returns nothing; it defines batch_is_open, batch_report and batch_settle, which take `batch`, the key of the batch.
-- mt:batch:<bid> (HASH): created, description, parent, total, pending, failed, dead, failures, dropped; arrived and expected, the
--   messages added and to be added; complete, success and death: when each came; complete:0, complete:1, success:0, ..., its
--   callbacks: "<queue>|<job without its times and its last brace>".
-- mt:batch:<bid>:open (HASH): jid of each job that has not ended, or batch:<bid> of an inner batch -> '', 'failed' or 'dead'.
-- Keys made here: both, with a TTL; queue:<name> (LIST), schedule (ZSET).
-- `now` is in float seconds. Bound: a batch within a batch, 100 deep. A key of another type is no batch.

local function batch_is_open(batch)
  local fields = redis.pcall('HMGET', batch, 'created', 'success')
  return fields[1] and not fields[2] and type(redis.pcall('HLEN', batch .. ':open')) == 'number'
end

-- Each event comes once. A callback that its queue refuses waits in the scheduled set, from where it is tried again.
local function batch_event(batch, event, now)
  if redis.call('HSETNX', batch, event, now) == 0 then
    return
  end
  local prefix, n = string.match(batch, '^(.*)mt:batch:'), 0
  local callback = redis.call('HGET', batch, event .. ':0')
  while callback do
    local queue, job = string.match(callback, '^([^|]*)|(.*)$')
    job = job .. ',"created_at":' .. now
    local answer = redis.pcall('LPUSH', prefix .. 'queue:' .. queue, job .. ',"enqueued_at":' .. now .. '}')
    if type(answer) == 'table' and answer.err then
      redis.call('ZADD', prefix .. 'schedule', now, job .. '}')
    else
      redis.call('SADD', prefix .. 'queues', queue)
    end
    n = n + 1
    callback = redis.call('HGET', batch, event .. ':' .. n)
  end
end

-- Returns whether the member was open.
local function batch_mark(batch, member, outcome)
  local open = batch .. ':open'
  local state = redis.pcall('HGET', open, member)
  if type(state) ~= 'string' or type(redis.pcall('HLEN', batch)) ~= 'number' then
    return false
  end
  local function add(field, count)
    redis.call('HINCRBY', batch, field, count)
  end
  if outcome == 'success' or outcome == 'dropped' then
    redis.call('HDEL', open, member)
    add('pending', -1)
    add('failed', state == '' and 0 or -1)
    add('dead', state == 'dead' and -1 or 0)
    add('dropped', outcome == 'dropped' and 1 or 0)
  else
    add('failed', state == '' and 1 or 0)
    add('dead', outcome == 'death' and state ~= 'dead' and 1 or 0)
    add('failures', 1)
    redis.call('HSET', open, member, outcome == 'death' and 'dead' or state == '' and 'failed' or state)
  end
  return true
end

-- Sends the callbacks of what has come, and tells the batch around it. Kept for 30 days after the last change, 24 h after success.
local function batch_settle(batch, now, has_died)
  for _ = 1, 100 do
    local fields = redis.call('HMGET', batch, 'pending', 'failed', 'arrived', 'expected', 'parent')
    local pending, failed, told = tonumber(fields[1]) or 0, tonumber(fields[2]) or 0, nil
    if has_died then
      batch_event(batch, 'death', now)
      told = 'death'
    end
    if fields[4] and (tonumber(fields[3]) or 0) >= tonumber(fields[4]) and pending <= failed then
      batch_event(batch, 'complete', now)
      told = told or 'failure'
      if pending == 0 then
        batch_event(batch, 'success', now)
        told = 'success'
      end
    end
    local life = told == 'success' and 86400 or 2592000
    redis.call('EXPIRE', batch, life)
    redis.call('EXPIRE', batch .. ':open', life)
    if not told or not fields[5] then
      return
    end
    local before, bid = string.match(batch, '^(.*mt:batch:)(.*)$')
    batch, has_died = before .. fields[5], told == 'death'
    if not batch_mark(batch, 'batch:' .. bid, told) then
      return
    end
  end
end

-- `outcome`: success, dropped (expired, cancelled, deleted), failure or death.
local function batch_report(batch, jid, outcome, now)
  if batch_mark(batch, jid, outcome) then
    batch_settle(batch, now, outcome == 'death')
  end
end
