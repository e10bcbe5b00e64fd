-- requeue.lua: put claimed jobs that did not run back at the head of their queue, as they were.
-- KEYS[1] -> mt:working:<identity>:<name>   KEYS[2] -> queue:<name>
-- ARGV[1..] -> delivery numbers in the order they were claimed (at most 1000)
-- Returns how many went back; those whose claim is gone belong to somebody else.
-- One step, and the push before the removal: whatever Redis refuses, each job is still in the hash.

local back, numbers = {}, {}
local jobs = redis.call('HMGET', KEYS[1], unpack(ARGV))
for i = #ARGV, 1, -1 do
  if jobs[i] then
    back[#back + 1], numbers[#numbers + 1] = jobs[i], ARGV[i]
  end
end
if #back > 0 then
  redis.call('RPUSH', KEYS[2], unpack(back))
  redis.call('HDEL', KEYS[1], unpack(numbers))
end
return #back
