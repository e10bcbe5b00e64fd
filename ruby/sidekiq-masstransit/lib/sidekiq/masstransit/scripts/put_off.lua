-- put_off.lua: move a job that limits have denied into the scheduled set, and note that it waits for them.
-- KEYS[1] -> mt:working:<identity>:<name>, '' when the caller has no claims   KEYS[2] -> schedule   KEYS[3] -> mt:limits
-- KEYS[4] -> sidekiq:unique:<lock> of a unique job, else ''
-- For each limit that denied it: KEYS[5 + 2i] -> mt:limit:<id>   KEYS[6 + 2i] -> mt:limit-waiting:<id>
-- ARGV[1] -> delivery number   ARGV[2] -> the job   ARGV[3] -> when it asks again, µs since 1970
-- ARGV[4] -> its queue and jid with a newline between   ARGV[5] -> its jid
-- ARGV[6] -> how long the lock of a unique job lasts after that, in ms   ARGV[7..] -> the names of the limits
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

local free = true
for i = 5, #KEYS, 2 do
  local kind, most = string.match(redis.call('HGET', KEYS[3], ARGV[7 + (i - 5) / 2]) or '', '^(%a+) (%d+)')
  local held = kind == 'concurrent' and redis.pcall('ZCOUNT', KEYS[i], '(' .. milliseconds(now), '+inf')
  free = free and type(held) == 'number' and held < tonumber(most)
end
if free then
  due = now
end

-- The same score in both sets: by it the end of another job finds this one (free_limits.lua).
local score = string.format('%.6f', due / 1000000)
local answer = redis.pcall('ZADD', KEYS[2], score, ARGV[2])
if type(answer) == 'table' and answer.err then
  if claimed then
    redis.call('HSET', KEYS[1], ARGV[1], claimed)
  end
  return answer
end

if KEYS[4] ~= '' and redis.pcall('GET', KEYS[4]) == ARGV[5] then
  redis.pcall('PEXPIRE', KEYS[4], milliseconds(due - now + ARGV[6] * 1000))
end
for i = 5, #KEYS, 2 do
  redis.pcall('ZADD', KEYS[i + 1], score, ARGV[4])
  local last = redis.pcall('ZRANGE', KEYS[i + 1], -1, -1, 'WITHSCORES')
  if last[2] then
    redis.call('PEXPIREAT', KEYS[i + 1], milliseconds((last[2] + 60) * 1000000))
  end
end
return due
