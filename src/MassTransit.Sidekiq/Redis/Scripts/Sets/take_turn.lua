-- take_turn.lua: is anything due, and is it this process's turn to move it?
-- KEYS[1] -> mt:polling   KEYS[2] -> retry   KEYS[3] -> schedule
-- ARGV[1] -> identity   ARGV[2] -> now, float seconds   ARGV[3] -> ms that a turn lasts
-- Returns 1 when it is our turn, else 0; how many members are due; and of each set the score that is due next, '' for none.
-- One process at a time moves what is due, so that a thousand that poll each second read it once. A turn ends when nothing
-- is due, or expires: a kill blocks the others no longer than that. It only saves work; correctness does not depend on it:
-- the process that removes a member owns it. A set that refuses counts as due, so that its reader gets and reports the error.

local due, reply = 0, {}
for i = 2, 3 do
  local first = redis.pcall('ZRANGEBYSCORE', KEYS[i], '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if first.err then
    due = due + 1
  elseif first[2] and tonumber(first[2]) <= tonumber(ARGV[2]) then
    due = due + redis.call('ZCOUNT', KEYS[i], '-inf', ARGV[2])
    first = redis.call('ZRANGEBYSCORE', KEYS[i], '(' .. ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  end
  reply[i + 1] = first[2] or ''
end

local holder = redis.call('GET', KEYS[1])
local isOurs = not holder or holder == ARGV[1]
if due > 0 and isOurs then
  -- Refused when memory is full: then several processes move due jobs, which is safe.
  redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
elseif holder == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
reply[1], reply[2] = due > 0 and isOurs and 1 or 0, due
return reply
