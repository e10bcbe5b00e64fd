-- claim.lua: acknowledge finished jobs, then move up to N jobs from queues into this process's working hashes.
-- KEYS[1] -> mt:alive:<identity>   KEYS[2] -> paused
-- For the i-th queue (from 0): KEYS[3 + 3i] -> its landing list (what a blocking wait already claimed)
--   KEYS[4 + 3i] -> queue:<name>   KEYS[5 + 3i] -> mt:working:<identity>:<name>
-- ARGV[1] -> N   ARGV[2] -> bytes after which no more are taken   ARGV[3] -> delivery number of the first job
-- ARGV[4] -> where the name begins in "queue:<name>"; 0 serves paused queues too
-- ARGV[5..] -> for each queue: how many acknowledgements, then their delivery numbers
-- Returns "<stale> <queue>:<jobs> <queue>:<jobs> ..." and then the jobs, oldest first; -1 jobs mark a paused queue.
-- "gone <stale>" alone when the process has no lease: a rescuer would take what it claims at once.
-- Bound: ~1 µs a job. One step, so that a kill leaves each job in the queue, the landing list or the hash, never in none.

local limit, budget, number = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local queues = (#KEYS - 2) / 3
local name_at, names, landings = tonumber(ARGV[4]), {}, {}
local stale, arg = 0, 5

for queue = 1, queues do
  landings[queue], names[queue] = KEYS[3 * queue], string.sub(KEYS[3 * queue + 1], name_at)
  local count = tonumber(ARGV[arg])
  -- unpack fails beyond 8000 values.
  for first = arg + 1, arg + count, 1000 do
    local last = math.min(first + 999, arg + count)
    stale = stale + last - first + 1 - redis.call('HDEL', KEYS[3 * queue + 2], unpack(ARGV, first, last))
  end
  arg = arg + count + 1
end

if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 'gone ' .. stale }
end

-- One check for all landing lists, since they are nearly always empty.
local landed = redis.call('EXISTS', unpack(landings)) > 0
local paused = name_at > 0 and redis.call('SMISMEMBER', KEYS[2], unpack(names)) or {}
local header, reply = { stale }, { '' }
local batch, bytes = 8, 0

-- Moves up to `most` jobs and returns how many. What cannot be stored returns to where it came from.
local function take(source, working, most)
  local jobs = redis.call('RPOP', source, most)
  if not jobs then
    return 0
  end
  local filed = {}
  for i, job in ipairs(jobs) do
    filed[2 * i - 1], filed[2 * i] = number + i - 1, job
  end
  local answer = redis.pcall('HSET', working, unpack(filed))
  if type(answer) == 'table' and answer.err then
    for i = #jobs, 1, -1 do
      redis.call('RPUSH', source, jobs[i])
    end
    return 0, answer
  end
  for _, job in ipairs(jobs) do
    bytes = bytes + #job
    reply[#reply + 1] = job
  end
  number, limit = number + #jobs, limit - #jobs
  return #jobs
end

for queue = 1, queues do
  local list, working = KEYS[3 * queue + 1], KEYS[3 * queue + 2]
  local before = #reply
  if paused[queue] == 1 then
    -- What had landed when the queue was paused belongs at its head; the leftmost landed last.
    -- LTRIM changes nothing and needs no memory: a step that has written may still add when memory is full.
    redis.call('LTRIM', landings[queue], 0, -1)
    while landed and redis.call('LMOVE', landings[queue], list, 'LEFT', 'RIGHT') do
    end
    header[#header + 1] = (queue - 1) .. ':-1'
  else
    for _, source in ipairs(landed and { landings[queue], list } or { list }) do
      while limit > 0 and bytes < budget do
        local most = math.min(limit, batch)
        local count, err = take(source, working, most)
        if err then
          return err
        end
        -- Few at first, since their size is unknown; then as many as fit.
        if #reply > 1 then
          batch = math.max(1, math.min(500, math.floor((budget - bytes) / (bytes / (#reply - 1)))))
        end
        if count < most then
          break
        end
      end
    end
  end
  if #reply > before then
    header[#header + 1] = (queue - 1) .. ':' .. (#reply - before)
  end
end

reply[1] = table.concat(header, ' ')
return reply
