-- register_periodic.lua: declare periodic jobs, and remove those that their application no longer declares.
-- KEYS[1] -> mt:periodic   KEYS[2] -> mt:periodic:jobs   KEYS[3] -> mt:periodic:last
-- ARGV[1] -> the application, or "" to remove none   ARGV[2] -> what precedes the id in mt:periodic:runs:<id>
-- ARGV[3..] -> of each job: its id, the job, when it is due
-- Returns how many are new or changed, and how many were removed.
-- An unchanged job keeps the time at which it is due, so that a run missed meanwhile is caught up; so does one whose
-- times are the same. A job without such a time is paused, and stays paused.
-- One step: a kill changes nothing.

local function read(job)
  local parsed, fields = pcall(cjson.decode, job or '')
  return parsed and type(fields) == 'table' and fields or {}
end

local function times(job)
  local fields = read(job)
  return table.concat({ tostring(fields.cron), tostring(fields.tz), tostring(fields.from), tostring(fields['until']) }, '|')
end

local keep, changed, dropped = {}, 0, 0
for i = 3, #ARGV, 3 do
  local id, job, due = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  keep[id] = true
  local before = redis.call('HGET', KEYS[2], id)
  if before ~= job then
    changed = changed + 1
    redis.call('HSET', KEYS[2], id, job)
    if not before or (times(before) ~= times(job) and redis.call('ZSCORE', KEYS[1], id)) then
      redis.call('ZADD', KEYS[1], due, id)
    end
  end
end

local jobs = ARGV[1] ~= '' and redis.call('HGETALL', KEYS[2]) or {}
for i = 1, #jobs, 2 do
  local id = jobs[i]
  if not keep[id] and read(jobs[i + 1]).by == ARGV[1] then
    dropped = dropped + 1
    redis.call('ZREM', KEYS[1], id)
    redis.call('HDEL', KEYS[2], id)
    redis.call('HDEL', KEYS[3], id)
    redis.call('DEL', ARGV[2] .. id)
  end
end
return { changed, dropped }
