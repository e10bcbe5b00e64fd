-- publish.lua: push one copy of a message to each subscription of its entities.
-- KEYS[1] -> queues   KEYS[2] -> schedule   KEYS[3] -> mt:token:<id>, if it can be cancelled; '' for none
-- For a unique job or one of a batch: KEYS[4] -> sidekiq:unique:, or ''   KEYS[5] -> mt:batch:<bid>, or ''
-- ARGV[1] -> key prefix   ARGV[2] -> message id   ARGV[3] -> the message's own class
-- ARGV[4], ARGV[5], ARGV[6] -> the parts of the job before the queue, between queue and class, and after the jid
-- ARGV[7] -> due, float seconds, or ""   ARGV[8] -> end of the token, unix ms
-- ARGV[9] -> 1: follow mt:implements; 2: do so, and where there is no such topic push to the queue of its name
-- ARGV[10] -> the byte offset in ARGV[5] at which the queue is repeated (inside an ActiveJob); 0 for none
-- ARGV[11] -> the number of static subscriptions, then queue and class of each
-- For those two, before the static ones: ARGV[12] -> the digest of its lock   ARGV[13] -> how long the lock lasts, in ms
--   ARGV[14] -> 1: no copy at all when another job holds the lock of one   ARGV[15] -> now, float seconds
-- ARGV[..] -> the entities: the message's own first, then its base types, nearest first
-- Returns the number of copies, -1 when the batch has ended, then `queue|Class` of each in a permanent queue; at last, for those
-- two, a table of `queue|Class` and holder of each copy that was not made. Keys made here: sidekiq:unique:<lock> (STRING),
-- mt:topic:<entity> (HASH), mt:implements:<entity> (SET), mt:temporary:<queue> (STRING), queue:<queue> (LIST).
-- A subscription is a field `queue` or `queue|Class`; its value a class, "" for the message's own, or `temporary`.
-- Bound: 100 entities. One step: a kill leaves all copies or none, and so does a refusal, which removes what was pushed.

-- batch.lua

local prefix, id, own_class, due, inside = ARGV[1], ARGV[2], ARGV[3], ARGV[7], tonumber(ARGV[10])
local copies, seen, lasting, held = {}, {}, {}, {}
local is_tied, unique, batch = KEYS[4], KEYS[4] ~= '' and KEYS[4], KEYS[5] ~= '' and KEYS[5]

local function quote(text)
  return '"' .. string.gsub(text, '[%c"\\]', function(letter)
    return string.format('\\u%04x', string.byte(letter))
  end) .. '"'
end

local function copy(queue, class, life)
  local target = queue .. '|' .. class
  if seen[target] then
    return
  end
  seen[target] = true
  -- A temporary queue has one reader, which waits for it.
  local lock = unique and not life and unique .. queue .. ':' .. class .. ':' .. ARGV[12]
  local holder = lock and redis.call('GET', lock)
  if holder then
    held[#held + 1], held[#held + 2] = target, holder
    return
  end
  lasting[#lasting + 1] = not life and target or nil
  local key = prefix .. 'queue:' .. queue
  local jid = string.sub(redis.sha1hex(id .. '|' .. target), 1, 24)
  local between = string.sub(ARGV[5], 1, inside) .. (inside > 0 and quote(queue) or '') .. string.sub(ARGV[5], inside + 1)
  local job = ARGV[4] .. quote(queue) .. between .. quote(class) .. ',"jid":"' .. jid .. '"' .. ARGV[6]
  local made
  if due ~= '' then
    made = { push = { 'ZADD', KEYS[2], due, job }, undo = { 'ZREM', KEYS[2], job } }
  else
    local after = life and { 'PEXPIRE', key, life } or { 'SADD', KEYS[1], queue }
    made = { push = { 'LPUSH', key, job }, undo = { 'LPOP', key }, after = after }
  end
  made.lock, made.jid, made.lasts = lock, jid, not life
  copies[#copies + 1] = made
end

local static = is_tied and 16 or 12
local entities, known, first = {}, {}, static + 2 * tonumber(ARGV[11])
for arg = static, first - 1, 2 do
  copy(ARGV[arg], ARGV[arg + 1])
end
for i = first, #ARGV do
  entities[#entities + 1], known[ARGV[i]] = ARGV[i], true
end

if ARGV[9] == '2' and redis.call('EXISTS', prefix .. 'mt:topic:' .. entities[1], prefix .. 'mt:implements:' .. entities[1]) == 0 then
  copy(entities[1], own_class)
end

-- each_subscription.lua

if batch and not batch_is_open(batch) then
  return { -1, held }
end
if #held > 0 and ARGV[14] == '1' then
  return { 0, held }
end
for i, made in ipairs(copies) do
  local answer = redis.pcall(unpack(made.push))
  if type(answer) == 'table' and answer.err then
    for pushed = 1, i - 1 do
      redis.call(unpack(copies[pushed].undo))
    end
    return answer
  end
end
-- tie_copies.lua

for _, made in ipairs(due == '' and copies or {}) do
  redis.call(unpack(made.after))
end
if due ~= '' and #copies > 0 and KEYS[3] and KEYS[3] ~= '' then
  redis.call('SET', KEYS[3], due, 'PXAT', ARGV[8])
end
lasting[#lasting + 1] = is_tied and held or nil
table.insert(lasting, 1, #copies) -- unpack fails beyond 8000 values, when all copies are pushed.
return lasting
