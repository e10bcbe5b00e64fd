-- free_limits.lua: free the slots of jobs that have ended, and let those start that have waited for them longest.
-- KEYS[1] -> mt:limits   KEYS[2] -> schedule   KEYS[3] -> queues
-- For the i-th slot (from 0): KEYS[4 + 3i] -> mt:limit:<id>   KEYS[5 + 3i] -> mt:limit-line:<id>
--   KEYS[6 + 3i] -> mt:limit-waiting:<id>
-- ARGV[1] -> key prefix   ARGV[2..] -> for each slot: the limit's name, the holder, how long it was held, in ms
-- Returns how many jobs were moved from the scheduled set to the head of their queues, where they ask again. Those that have left
-- the set are skipped, a hundred at most.
-- Keys made here: queue:<queue> (LIST).
-- One step: a kill leaves the slots until their time ends, or frees them; each job is in the set or in its queue. The first
-- write needs no memory; a refused push restores the job.

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + time[2] / 1000)
local moved = 0

local function is_error(answer)
  return type(answer) == 'table' and answer.err
end

-- False when it has left the scheduled set.
local function start(waiter, score)
  local at = string.find(waiter, '\n', 1, true)
  local queue, jid = string.sub(waiter, 1, at - 1), '"' .. string.sub(waiter, at + 1) .. '"'
  for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], score, score, 'LIMIT', 0, 10)) do
    if string.find(job, jid, 1, true) then
      redis.call('ZREM', KEYS[2], job)
      if is_error(redis.pcall('RPUSH', ARGV[1] .. 'queue:' .. queue, job)) then
        redis.call('ZADD', KEYS[2], score, job)
      else
        redis.call('SADD', KEYS[3], queue)
        moved = moved + 1
      end
      return true
    end
  end
  return false
end

-- At most two at once: one for this slot, and one for a slot whose job was killed on its way.
local function start_next(waiting, free)
  local wanted = math.min(free, 2)
  for _ = 1, 100 do
    local next = wanted > 0 and redis.pcall('ZPOPMIN', waiting) or {}
    if not next[1] then
      return
    end
    if start(next[1], next[2]) then
      wanted = wanted - 1
    end
  end
end

for i = 4, #KEYS, 3 do
  local state, line = KEYS[i], KEYS[i + 1]
  local arg = i - 2
  local freed = redis.pcall('ZREM', state, ARGV[arg + 1])
  -- How long jobs take spaces those that wait; where none waits, nobody asks.
  local took = redis.pcall('HGET', line, 'took')
  if freed == 1 and not is_error(took) and redis.call('EXISTS', line) == 1 then
    redis.call('HSET', line, 'took', string.format('%.0f', (took or ARGV[arg + 2]) * 0.8 + ARGV[arg + 2] * 0.2))
  end
  local kind, most = string.match(redis.call('HGET', KEYS[1], ARGV[arg]) or '', '^(%a+) (%d+)')
  local held = kind == 'concurrent' and redis.pcall('ZCOUNT', state, '(' .. now, '+inf')
  if type(held) == 'number' then
    start_next(KEYS[i + 2], tonumber(most) - held)
  end
end
return moved
