-- release.lua: give up queues of a process that stops cleanly, and with ARGV[1] = 1 its lease.
-- KEYS[1] -> mt:alive:<identity>   KEYS[2] -> mt:owners
-- For each queue: KEYS[3 + 2i] -> mt:working:<identity>:<name>   KEYS[4 + 2i] -> mt:landing:<identity>:<name>
-- ARGV[1] -> 1 ends the lease   ARGV[2..] -> "<identity>|<queue>" of each
-- Returns how many queues still have claims. They stay registered, and the end of the lease lets others rescue them.
-- One step: a kill changes nothing, and the end of the lease does the rest.

local left = 0
for i = 2, #ARGV do
  local queue = 2 * (i - 2) + 3
  if redis.call('EXISTS', KEYS[queue], KEYS[queue + 1]) > 0 then
    left = left + 1
  else
    redis.call('SREM', KEYS[2], ARGV[i])
  end
end
if ARGV[1] == '1' then
  redis.call('DEL', KEYS[1])
end
return left
