-- take_limits.lua: let jobs start for which all their limits have room, and tell the others when to ask again.
-- KEYS[1] -> mt:limits
-- For the i-th limit (from 0): KEYS[2 + 4i] -> mt:limit:<id>   KEYS[3 + 4i] -> mt:limit-line:<id>
--   KEYS[4 + 4i] -> mt:limit-waiting:<id>   KEYS[5 + 4i] -> mt:limit-keys:<name>
-- ARGV[1] -> how many limits   ARGV[2] -> how long a slot is held that nobody keeps, in ms
-- ARGV[3] -> how long a definition is stored that was missing, in seconds
-- ARGV[4..] -> for each limit: its name, its key ('' for none), and its definition: '<kind> <most> <period in µs>', where kind is
--   concurrent, window or bucket; then for each job: a name for the holder of its slots, its queue and jid with a newline
--   between, how often it was denied before, how many limits it has, and their positions (from 0)
-- Returns for each job an array of integers: 0, after how many µs it may start, and the positions of the limits of which it holds a
-- slot now; or, when it was denied, the time to ask again, in µs since 1970, and the positions of the limits that have no room.
-- The definition in KEYS[1] takes precedence. A job takes of all its limits or of none, and a slot that its holder already has is
-- taken once. All times are Redis's. About 10 µs a job.
-- A job that has room within a tenth of a second (and of the period) may start then, so that no start is lost to its way back.
-- A window counts each start for a fortieth of its period (at most 1 s) longer than that. A job that has not started within a
-- hundredth of the period (at most 0.4 s) of its time asks again: answers that are late cannot bring too many into one period.
-- One step: a kill leaves slots that end with their time, and starts that are counted. The first write needs no memory, so that
-- jobs still start when it is full.

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

-- limit_kinds.lua
-- limit_lines.lua

local limits, arg = {}, 4
for i = 0, count - 1 do
  local limit = { state = KEYS[4 * i + 2], lines = KEYS[4 * i + 3], waiting = KEYS[4 * i + 4], keys = KEYS[4 * i + 5] }
  redis.call('ZREMRANGEBYSCORE', limit.waiting, '-inf', string.format('%.6f', (now - minute) / 1000000))
  limit.key = ARGV[arg + 1]
  define(limit, ARGV[arg], ARGV[arg + 2])
  limits[i], arg = limit, arg + 3
end

local answers = {}
while arg <= #ARGV do
  local holder, waiter, denied, used = ARGV[arg], ARGV[arg + 1], tonumber(ARGV[arg + 2]), tonumber(ARGV[arg + 3])
  local needed, full, start = {}, { 0 }, now
  for j = 1, used do
    local position = tonumber(ARGV[arg + 3 + j])
    local limit = limits[position]
    needed[j], limit.next = limit, next_start(limit, holder)
    if limit.next - now > limit.ahead then
      full[#full + 1] = position
    end
    start = math.max(start, limit.next)
  end
  if #full > 1 then
    for j = 2, #full do
      full[1] = math.max(full[1], math.ceil(line_up(limits[full[j]], denied)))
    end
    answers[#answers + 1] = full
  else
    local passed = { 0, math.ceil(start - now) }
    for j, limit in ipairs(needed) do
      take(limit, holder, start)
      if limit.kind == 'concurrent' then
        passed[#passed + 1] = tonumber(ARGV[arg + 3 + j])
      end
      if denied > 0 then
        redis.call('ZREM', limit.waiting, waiter)
      end
    end
    answers[#answers + 1] = passed
  end
  arg = arg + 4 + used
end
for i = 0, count - 1 do
  store(limits[i])
end
return answers
