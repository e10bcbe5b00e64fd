-- push_due.lua: move due jobs from the retry or scheduled set to their queues.
-- KEYS[1] -> retry or schedule   KEYS[2] -> queues   KEYS[3] -> mt:temporaries   KEYS[4] -> mt:polling
-- ARGV[1] -> key prefix   ARGV[2] -> the process that has the turn, "" for none (see take_turn.lua)   ARGV[3] -> its length in ms
-- ARGV[4..] -> for each job (at most 100): the member, the job as it is to be pushed, its queue, its
--   token or "": it can no longer be cancelled
-- Returns how many were moved, the first refusal, if any, and which jobs were refused, from 0. Members that another poller
-- took are not ours.
-- Keys made here: queue:<queue> (LIST), mt:temporary:<queue> (STRING), mt:token:<id> (STRING).
-- One step: a kill leaves the job in the set or in its queue. It leaves the set first, since a step that has removed something
-- may still add when memory is full; a refused push restores it.

local prefix = ARGV[1]
local moved, refusal, refused = 0, '', {}
for i = 4, #ARGV, 4 do
  local member, job, queue, token = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local score = redis.call('ZSCORE', KEYS[1], member)
  if score then
    local key = prefix .. 'queue:' .. queue
    local life = nil
    if redis.call('ZSCORE', KEYS[3], queue) then
      life = redis.call('PTTL', prefix .. 'mt:temporary:' .. queue)
    end
    redis.call('ZREM', KEYS[1], member)
    local answer = 0
    -- A temporary queue that has ended takes its jobs with it.
    if not life or life > 0 then
      answer = redis.pcall('LPUSH', key, job)
    end
    if type(answer) == 'table' and answer.err then
      if refusal == '' then
        refusal = answer.err
      end
      refused[#refused + 1] = (i - 4) / 4
      redis.call('ZADD', KEYS[1], score, member)
    else
      moved = moved + 1
      if token ~= '' then
        redis.call('DEL', prefix .. 'mt:token:' .. token)
      end
      if not life then
        redis.call('SADD', KEYS[2], queue)
      elseif life > 0 then
        redis.call('PEXPIRE', key, life)
      end
    end
  end
end
if ARGV[2] ~= '' and redis.call('GET', KEYS[4]) == ARGV[2] then
  redis.call('PEXPIRE', KEYS[4], ARGV[3])
end
return { moved, refusal, refused }
