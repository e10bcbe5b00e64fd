-- run_periodic.lua: enqueue one run of a periodic job, unless another process did, and store when the next is due.
-- KEYS[1], KEYS[2] -> as in publish.lua   KEYS[3] -> mt:periodic   KEYS[4] -> mt:periodic:jobs   KEYS[5] -> mt:periodic:last
-- KEYS[6] -> mt:periodic:runs:<id>, of which the last 25 runs are kept
-- KEYS[7] -> sidekiq:unique:, for a unique job
-- ARGV[1] -> the job's id   ARGV[2] -> the time at which it was due, as it was read   ARGV[3] -> the job as it was read
-- ARGV[4] -> when it is due next, or "" for never   ARGV[5] -> the time of this run, or "" when it is skipped
-- ARGV[6..] -> the run, as the arguments of publish.lua
-- Returns the number of copies, or -1 when the job is no longer the one that was read: another process ran or changed it. For
-- a unique job a table: that number, then a table of the copies that were not made, as in publish.lua.
-- One step: a kill leaves the run enqueued and the next stored, or neither; a refusal leaves neither. Only the history may be
-- refused (a key of another type): it is no reason for a run to be taken for failed, and to run again.

local all, id = ARGV, ARGV[1]
local due = redis.call('ZSCORE', KEYS[3], id)
if not due or tonumber(due) ~= tonumber(all[2]) or redis.call('HGET', KEYS[4], id) ~= all[3] then
  return -1
end

local copies, pushed, held = 0, {}, {}
if all[5] ~= '' then
  local ARGV, KEYS = {}, { KEYS[1], KEYS[2], '', KEYS[7] }
  for i = 6, #all do
    ARGV[i - 5] = all[i]
  end
  pushed = (function()
    -- publish.lua
  end)()
  if pushed.err then
    return pushed
  end
  held = KEYS[4] and table.remove(pushed) or held
  copies = pushed[1]
end

if all[4] == '' then
  redis.call('ZREM', KEYS[3], id)
  redis.call('HDEL', KEYS[4], id)
  redis.call('HDEL', KEYS[5], id)
  redis.call('DEL', KEYS[6])
else
  redis.call('ZADD', KEYS[3], all[4], id)
  if all[5] ~= '' then
    redis.call('HSET', KEYS[5], id, all[5])
    local jobs = {}
    for i = 2, math.min(#pushed, 11) do
      local queue, class = string.match(pushed[i], '^([^|]*)|(.*)$')
      jobs[i - 1] = { string.sub(redis.sha1hex(all[7] .. '|' .. pushed[i]), 1, 24), queue, class }
    end
    redis.pcall('LPUSH', KEYS[6], cjson.encode({ at = all[5], copies = copies, jobs = jobs }))
    redis.pcall('LTRIM', KEYS[6], 0, 24)
  end
end
if KEYS[7] then
  return { copies, held }
end
return copies
