-- watch.lua: does this process look for dead ones, on behalf of all?
-- KEYS[1] -> mt:rescuer
-- ARGV[1] -> its identity   ARGV[2] -> the id of its connection, or '' when it is not told who is dead
-- ARGV[3] -> ms that the watch lasts
-- ARGV[4] -> what the key held when it named no connection, or one that was found closed, or ''
-- Returns "<identity> <connection>" of the process that watches.
-- One step: a kill leaves a key that expires, and that names a connection which the others find closed before that. PEXPIRE
-- needs no memory: a step that has written may still add when memory is full, and the dead processes' jobs would wait.

local watcher, ours = redis.call('GET', KEYS[1]), ARGV[1] .. ' ' .. ARGV[2]
if watcher and watcher ~= ARGV[4] and string.match(watcher, '^%S*') ~= ARGV[1] then
  return watcher
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if watcher ~= ours then
  redis.call('SET', KEYS[1], ours, 'PX', ARGV[3])
end
return ours
