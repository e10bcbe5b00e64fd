-- rescue.lua: move up to N jobs of a dead process from one of its queues back to the head of that queue.
-- KEYS[1] -> mt:alive:<identity>   KEYS[2] -> mt:owners   KEYS[3] -> mt:landing:<identity>:<name>
-- KEYS[4] -> mt:working:<identity>:<name>   KEYS[5] -> queue:<name>   KEYS[6] -> queues   KEYS[7] -> dead
-- KEYS[8] -> mt:temporaries   KEYS[9] -> mt:temporary:<name>
-- ARGV[1] -> "<identity>|<queue>"   ARGV[2] -> the queue's name   ARGV[3] -> N (at most 100)
-- ARGV[4] -> how often a job may be found so before it is poison   ARGV[5] -> mt:poison: with prefix   ARGV[6] -> ms it counts
-- ARGV[7] -> the reason as JSON fields   ARGV[8] -> now, float seconds   ARGV[9], ARGV[10] -> limits of the dead set (see bury.lua)
-- Returns how many jobs moved, how many are left (-1 when the process lives after all), and the jobs found to be poison.
-- Newest first, so that the oldest ends at the head, whatever comes between two calls. The owner goes with its last job.
-- One step, and each push before its removal: a kill leaves each job where it was or in its queue. Two rescuers may
-- meet here: each moves what is still there.

if redis.call('EXISTS', KEYS[1]) == 1 then
  return { 0, -1, {} }
end

local temporary = redis.call('ZSCORE', KEYS[8], ARGV[2])
if temporary and redis.call('EXISTS', KEYS[9]) == 0 then
  redis.call('UNLINK', KEYS[3], KEYS[4])
  redis.call('SREM', KEYS[2], ARGV[1])
  return { 0, 0, {} }
end

-- The name of the counter: the jid, or a hash of the text when there is none that may be part of a key.
local function poison_key(job, fields)
  local jid = fields and fields.jid
  if type(jid) ~= 'string' or #jid > 64 or string.find(jid, '[^%w%-_]') then
    jid = redis.sha1hex(job)
  end
  return ARGV[5] .. jid
end

-- The reason is added at the end; of two equal keys every reader takes the last.
local function with_reason(job, fields)
  local body = fields and string.match(job, '^(%s*{.*)}%s*$')
  if not body then
    return job
  end
  local failed_at = tonumber(fields.failed_at) and '' or ',"failed_at":' .. ARGV[8]
  local retry_count = tonumber(fields.retry_count) and '' or ',"retry_count":0'
  return body .. (next(fields) and ',' or '') .. ARGV[7] .. failed_at .. retry_count .. '}'
end

local limit = tonumber(ARGV[3])
-- Landed jobs never began, so they are not counted; the leftmost landed last.
local back, poison = redis.call('LRANGE', KEYS[3], 0, limit - 1), {}
local landed = #back

local numbers = redis.call('HKEYS', KEYS[4])
table.sort(numbers, function(a, b)
  return tonumber(a) > tonumber(b)
end)
local claimed = {}
for i = 1, math.min(#numbers, limit - landed) do
  local job = redis.call('HGET', KEYS[4], numbers[i])
  local parsed, fields = pcall(cjson.decode, job)
  fields = parsed and type(fields) == 'table' and fields or nil
  local counter = poison_key(job, fields)
  local met = redis.call('INCR', counter)
  redis.call('PEXPIRE', counter, ARGV[6])
  if met < tonumber(ARGV[4]) then
    back[#back + 1] = job
  else
    poison[#poison + 1] = with_reason(job, fields)
    redis.call('DEL', counter)
    if not (fields and fields.dead == false) then
      redis.call('ZADD', KEYS[7], ARGV[8], poison[#poison])
    end
  end
  claimed[i] = numbers[i]
end

if #back > 0 then
  redis.call('RPUSH', KEYS[5], unpack(back))
  if temporary then
    redis.call('PEXPIRE', KEYS[5], redis.call('PTTL', KEYS[9]))
  else
    redis.call('SADD', KEYS[6], ARGV[2])
  end
end
redis.call('LTRIM', KEYS[3], landed, -1)
if #claimed > 0 then
  redis.call('HDEL', KEYS[4], unpack(claimed))
end
if #poison > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', ARGV[9])
  redis.call('ZREMRANGEBYRANK', KEYS[7], 0, -tonumber(ARGV[10]))
end

local left = redis.call('LLEN', KEYS[3]) + redis.call('HLEN', KEYS[4])
if left == 0 then
  redis.call('SREM', KEYS[2], ARGV[1])
end
return { #back, left, poison }
