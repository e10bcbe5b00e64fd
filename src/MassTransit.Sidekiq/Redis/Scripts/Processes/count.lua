-- count.lua: add what a process has run to Sidekiq's counters and job metrics.
-- KEYS[1] -> <identity>, which remembers the last flush   KEYS[2] -> stat:processed   KEYS[3] -> stat:failed
-- KEYS[4] -> stat:processed:<day>   KEYS[5] -> stat:failed:<day>
-- KEYS[6] -> j|<minute> as Sidekiq 7 writes it   KEYS[7] -> as 8 does   KEYS[8] -> 8's key of ten minutes
-- KEYS[9..] -> for each class its histogram as 7 names it, then as 8 does
-- ARGV[1] -> number of this flush   ARGV[2] -> processed   ARGV[3] -> failed
-- ARGV[4..] -> for each class: name, processed, failed, ms, how many buckets, then number and count of each bucket
-- Returns 1, or 0 when this flush had already arrived and only its answer was lost.
-- One step, so that a kill counts all of a flush or nothing. TTLs are Sidekiq's: 5 years, 8 hours, 3 days. EXPIRE needs no
-- memory: a step that has written may still add when memory is full.

redis.call('EXPIRE', KEYS[1], 60)
if redis.call('HGET', KEYS[1], 'counted') == ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'counted', ARGV[1])
redis.call('EXPIRE', KEYS[1], 60)

for stat = 2, 3 do
  if ARGV[stat] ~= '0' then
    redis.call('INCRBY', KEYS[stat], ARGV[stat])
    redis.call('INCRBY', KEYS[stat + 2], ARGV[stat])
    redis.call('EXPIRE', KEYS[stat + 2], 157680000)
  end
end

local arg, histogram = 4, 9
while arg <= #ARGV do
  local class, buckets = ARGV[arg], tonumber(ARGV[arg + 4])
  for i, field in ipairs({ '|p', '|f', '|ms' }) do
    if ARGV[arg + i] ~= '0' then
      for minute = 6, 8 do
        redis.call('HINCRBY', KEYS[minute], class .. field, ARGV[arg + i])
      end
    end
  end
  if buckets > 0 then
    local add = { 'OVERFLOW', 'SAT' }
    for bucket = arg + 5, arg + 3 + 2 * buckets, 2 do
      for _, word in ipairs({ 'INCRBY', 'u16', '#' .. ARGV[bucket], ARGV[bucket + 1] }) do
        add[#add + 1] = word
      end
    end
    for key = histogram, histogram + 1 do
      redis.call('BITFIELD', KEYS[key], unpack(add))
      redis.call('EXPIRE', KEYS[key], 28800)
    end
  end
  arg, histogram = arg + 5 + 2 * buckets, histogram + 2
end
if arg > 4 then
  redis.call('EXPIRE', KEYS[6], 28800)
  redis.call('EXPIRE', KEYS[7], 28800)
  redis.call('EXPIRE', KEYS[8], 259200)
end
return 1
