-- beat.lua: record in Sidekiq's registry that this process is alive and what it runs, and take the signal that waits for it.
-- KEYS[1] -> processes   KEYS[2] -> <identity>   KEYS[3] -> <identity>:work   KEYS[4] -> <identity>:workers
-- KEYS[5] -> <identity>-signals
-- ARGV[1] -> identity   ARGV[2] -> life in s   ARGV[3] -> 1 when an earlier beat had work   ARGV[4] -> n
-- ARGV[5..] -> n strings that describe the process, field and value in turn, then those of its work: thread and job
-- Returns the signal, or false; the error with which Redis refuses additions now, or ""; and how many processes are registered.
-- One step: any process that reads the registry sees this one as it was at one instant. EXPIRE needs no memory: a step that
-- has written may still add when memory is full, and a process that runs jobs then stays on the page.

local fields = tonumber(ARGV[4])
local added = redis.pcall('SADD', KEYS[1], ARGV[1])
local refusal = type(added) == 'table' and added.err or ''
if refusal ~= '' then
  redis.call('EXPIRE', KEYS[2], ARGV[2])
  redis.call('SADD', KEYS[1], ARGV[1])
end
redis.call('HSET', KEYS[2], unpack(ARGV, 5, 4 + fields))
redis.call('EXPIRE', KEYS[2], ARGV[2])

if ARGV[3] == '1' then
  redis.call('UNLINK', KEYS[3], KEYS[4])
end
if #ARGV > 4 + fields then
  -- unpack fails beyond 8000 values.
  for first = 5 + fields, #ARGV, 1000 do
    redis.call('HSET', KEYS[3], unpack(ARGV, first, math.min(first + 999, #ARGV)))
  end
  redis.call('EXPIRE', KEYS[3], ARGV[2])
  -- Sidekiq up to 6.4.1 reads it under this name.
  redis.call('COPY', KEYS[3], KEYS[4], 'REPLACE')
end
return { redis.call('RPOP', KEYS[5]), refusal, redis.call('SCARD', KEYS[1]) }
