-- requeue.lua: return claimed jobs that did not run to the head of their queue, unchanged.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> queue:<name>
-- ARGV[1..] -> delivery numbers in the order of their claims (at most 1000)
-- Returns how many were returned; those whose claim is gone belong to another process.
-- One step: a kill leaves the jobs in the hash or in the queue. The claims are removed first, since a step that has removed
-- something may still add when memory is full; a refused push restores them (see retry.lua).

local back, numbers, claims = {}, {}, {}
local jobs = redis.call('HMGET', KEYS[1], unpack(ARGV))
for i = #ARGV, 1, -1 do
  if jobs[i] then
    back[#back + 1], numbers[#numbers + 1] = jobs[i], ARGV[i]
    claims[#claims + 1], claims[#claims + 2] = ARGV[i], jobs[i]
  end
end
if #back > 0 then
  redis.call('HDEL', KEYS[1], unpack(numbers))
  local answer = redis.pcall('RPUSH', KEYS[2], unpack(back))
  if type(answer) == 'table' and answer.err then
    redis.call('HSET', KEYS[1], unpack(claims))
    return answer
  end
end
return #back
