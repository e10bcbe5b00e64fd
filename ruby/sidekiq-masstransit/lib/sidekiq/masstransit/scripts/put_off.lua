-- put_off.lua: move a job that limits have denied into the scheduled set, and note that it waits for them.
-- KEYS[1] -> mt:working:<identity>:<name>, '' when the caller has no claims   KEYS[2] -> schedule   KEYS[3] -> mt:limits
-- KEYS[4] -> sidekiq:unique:<lock> of a unique job, else ''
-- For each limit that denied it: KEYS[5 + 3i] -> mt:limit:<id>   KEYS[6 + 3i] -> mt:limit-waiting:<id>
--   KEYS[7 + 3i] -> mt:limit-next:<id>
-- ARGV[1] -> delivery number   ARGV[2] -> the job   ARGV[3] -> when it asks again, µs since 1970   ARGV[4] -> its queue
-- ARGV[5] -> its jid   ARGV[6] -> how long the lock of a unique job lasts after that, in ms   ARGV[7..] -> the names of the limits
-- Returns when it is due, in µs since 1970: at once when a slot was freed since it was denied. 0 when the claim is gone (a rescuer
-- took this process for dead): then nothing is done.
-- One step: a kill leaves the job in the hash or in the set. A refused ZADD restores the claim (see retry.lua). What follows the
-- move helps the job to start sooner, and is left out where Redis refuses it.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local due, claimed = tonumber(ARGV[3]), nil
if KEYS[1] ~= '' then
  claimed = redis.call('HGET', KEYS[1], ARGV[1])
  if not claimed then
    return 0
  end
  redis.call('HDEL', KEYS[1], ARGV[1])
end

local function milliseconds(us)
  return string.format('%.0f', math.ceil(us / 1000))
end

local slots, free = nil, true
for i = 5, #KEYS, 3 do
  local definition = redis.call('HGET', KEYS[3], ARGV[7 + (i - 5) / 3])
  local kind, most = string.match(definition or '', '^(%a+) (%d+)')
  local held = kind == 'concurrent' and redis.pcall('ZCOUNT', KEYS[i], '(' .. milliseconds(now), '+inf')
  free = free and type(held) == 'number' and held < tonumber(most)
  slots = slots or kind == 'concurrent' and KEYS[i + 2]
end
if free then
  due = now
end

local answer = redis.pcall('ZADD', KEYS[2], string.format('%.6f', due / 1000000), ARGV[2])
if type(answer) == 'table' and answer.err then
  if claimed then
    redis.call('HSET', KEYS[1], ARGV[1], claimed)
  end
  return answer
end

if KEYS[4] ~= '' and redis.pcall('GET', KEYS[4]) == ARGV[5] then
  redis.pcall('PEXPIRE', KEYS[4], milliseconds(due - now + ARGV[6] * 1000))
end
local forgotten = milliseconds(due + 60 * 1000000)
for i = 5, #KEYS, 3 do
  redis.pcall('ZADD', KEYS[i + 1], milliseconds(due), ARGV[5])
  local last = redis.pcall('ZRANGE', KEYS[i + 1], -1, -1, 'WITHSCORES')
  if not last.err then
    redis.call('PEXPIREAT', KEYS[i + 1], string.format('%.0f', last[2] + 60000))
  end
end
if slots and not free then
  local length = redis.pcall('LLEN', slots)
  -- The others come when they are due.
  if type(length) == 'number' and length < 200 then
    redis.pcall('RPUSH', slots, ARGV[4] .. '\n' .. ARGV[2])
    if redis.call('PTTL', slots) < forgotten - now / 1000 then
      redis.pcall('PEXPIREAT', slots, forgotten)
    end
  end
end
return due
