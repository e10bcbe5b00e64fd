-- rescue.lua: return up to N jobs of a dead process to the head of one of its queues.
-- KEYS[1] -> mt:alive:<identity>   KEYS[2] -> mt:owners   KEYS[3] -> mt:landing:<identity>:<name>
-- KEYS[4] -> mt:working:<identity>:<name>   KEYS[5] -> queue:<name>   KEYS[6] -> queues   KEYS[7] -> dead
-- KEYS[8] -> mt:temporaries   KEYS[9] -> mt:temporary:<name>
-- ARGV[1] -> "<identity>|<queue>"   ARGV[2] -> the queue's name   ARGV[3] -> N (at most 100)
-- ARGV[4] -> the rescue count at which a job is poison   ARGV[5] -> mt:poison: with prefix   ARGV[6] -> ms for which one counts
-- ARGV[7] -> the reason as JSON fields   ARGV[8] -> now, float seconds   ARGV[9], ARGV[10] -> limits of the dead set (see bury.lua)
-- ARGV[11] -> sidekiq:unique: with prefix   ARGV[12] -> mt:batch: with prefix
-- Returns how many jobs moved, how many are left (-1 when the process lives), the poison jobs, and a refusal or "".
-- Newest first, so that the oldest ends at the head. The owner is removed with its last job. Two rescuers may run at once.
-- One step: a kill or a refusal leaves each job in its place, uncounted, or in its queue. A job leaves its place first: a
-- step that has written may still add when memory is full.

if redis.call('EXISTS', KEYS[1]) == 1 then
  return { 0, -1, {}, '' }
end

local temporary = redis.call('ZSCORE', KEYS[8], ARGV[2])
if temporary and redis.call('EXISTS', KEYS[9]) == 0 then
  redis.call('UNLINK', KEYS[3], KEYS[4])
  redis.call('SREM', KEYS[2], ARGV[1])
  return { 0, 0, {}, '' }
end

-- poison.lua

-- batch.lua

local moved, refusal, poison, limit = 0, '', {}, tonumber(ARGV[3])
-- Adds what has just left its place; what Redis refuses returns there.
local function added(add, undo)
  local answer = redis.pcall(unpack(add))
  local err = type(answer) == 'table' and answer.err
  if err then
    refusal = err
    redis.call(unpack(undo))
  end
  return not err
end
-- Landed jobs never began, so they are not counted; the leftmost landed last.
redis.call('LTRIM', KEYS[3], 0, -1)
while moved < limit do
  local job = redis.pcall('LMOVE', KEYS[3], KEYS[5], 'LEFT', 'RIGHT')
  if type(job) ~= 'string' then
    refusal = job and job.err or ''
    break
  end
  moved = moved + 1
end

local numbers = redis.call('HKEYS', KEYS[4])
table.sort(numbers, function(a, b)
  return (tonumber(a) or 0) > (tonumber(b) or 0)
end)
for i = 1, math.min(#numbers, limit - moved) do
  local job = redis.call('HGET', KEYS[4], numbers[i])
  local parsed, fields = pcall(cjson.decode, job)
  fields = parsed and type(fields) == 'table' and fields or nil
  local counter = poison_key(job, fields)
  local met = (tonumber(redis.call('GET', counter)) or 0) + 1
  local undo = { 'HSET', KEYS[4], numbers[i], job }
  redis.call('HDEL', KEYS[4], numbers[i])
  if met < tonumber(ARGV[4]) then
    if added({ 'RPUSH', KEYS[5], job }, undo) then
      redis.call('SET', counter, met, 'PX', ARGV[6])
      moved = moved + 1
    end
  else
    local dead = with_reason(job, fields)
    if (fields and fields.dead == false) or added({ 'ZADD', KEYS[7], ARGV[8], dead }, undo) then
      redis.call('DEL', counter)
      local digest = fields and type(fields.unique_digest) == 'string' and fields.unique_digest
      if digest and fields.unique_until ~= 'expiry' then
        local lock = ARGV[11] .. tostring(fields.unique_queue or ARGV[2]) .. ':' .. tostring(fields.class) .. ':' .. digest
        if redis.pcall('GET', lock) == fields.jid then
          redis.call('DEL', lock)
        end
      end
      if fields and type(fields.mt_batch) == 'string' then
        batch_report(ARGV[12] .. fields.mt_batch, tostring(fields.jid), 'death', ARGV[8])
      end
      poison[#poison + 1] = dead
    end
  end
end

local known = temporary and { 'PEXPIRE', KEYS[5], redis.call('PTTL', KEYS[9]) } or { 'SADD', KEYS[6], ARGV[2] }
redis.pcall(unpack(moved > 0 and known or { 'EXISTS', KEYS[5] }))
if #poison > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', ARGV[9])
  redis.call('ZREMRANGEBYRANK', KEYS[7], 0, -tonumber(ARGV[10]))
end

local left = redis.call('LLEN', KEYS[3]) + redis.call('HLEN', KEYS[4])
if left == 0 then
  redis.call('SREM', KEYS[2], ARGV[1])
end
return { moved, left, poison, refusal }
