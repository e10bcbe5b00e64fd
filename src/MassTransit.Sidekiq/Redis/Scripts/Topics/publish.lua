-- publish.lua: push one copy of a message to each subscription of its entities.
-- KEYS[1] -> queues   KEYS[2] -> schedule   KEYS[3] -> mt:token:<id>, if it can be cancelled
-- ARGV[1] -> key prefix   ARGV[2] -> message id   ARGV[3] -> the message's own class
-- ARGV[4], ARGV[5], ARGV[6] -> the parts of the job before the queue, between queue and class, and after the jid
-- ARGV[7] -> due, float seconds, or ""   ARGV[8] -> end of the token, unix ms
-- ARGV[9] -> 1: follow mt:implements; 2: do so, and where there is no such topic push to the queue of its name
-- ARGV[10] -> the byte offset in ARGV[5] at which the queue is repeated (inside an ActiveJob); 0 for none
-- ARGV[11] -> the number of static subscriptions, then queue and class of each
-- ARGV[..] -> the entities: the message's own first, then its base types, nearest first
-- Returns the number of copies, then `queue|Class` of each in a permanent queue. Keys made here:
-- mt:topic:<entity> (HASH), mt:implements:<entity> (SET), mt:temporary:<queue> (STRING), queue:<queue> (LIST).
-- A subscription is a field `queue` or `queue|Class`; its value a class, "" for the message's own, or `temporary`.
-- Bound: 100 entities. One step: a kill leaves all copies or none, and so does a refusal, which removes what was pushed.

local prefix, id, own_class, due, inside = ARGV[1], ARGV[2], ARGV[3], ARGV[7], tonumber(ARGV[10])
local copies, seen, lasting = {}, {}, {}

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
  seen[target], lasting[#lasting + 1] = true, not life and target or nil
  local key = prefix .. 'queue:' .. queue
  local jid = string.sub(redis.sha1hex(id .. '|' .. target), 1, 24)
  local between = string.sub(ARGV[5], 1, inside) .. (inside > 0 and quote(queue) or '') .. string.sub(ARGV[5], inside + 1)
  local job = ARGV[4] .. quote(queue) .. between .. quote(class) .. ',"jid":"' .. jid .. '"' .. ARGV[6]
  if due ~= '' then
    copies[#copies + 1] = { push = { 'ZADD', KEYS[2], due, job }, undo = { 'ZREM', KEYS[2], job } }
  else
    local after = life and { 'PEXPIRE', key, life } or { 'SADD', KEYS[1], queue }
    copies[#copies + 1] = { push = { 'LPUSH', key, job }, undo = { 'LPOP', key }, after = after }
  end
end

local entities, known, first = {}, {}, 12 + 2 * tonumber(ARGV[11])
for arg = 12, first - 1, 2 do
  copy(ARGV[arg], ARGV[arg + 1])
end
for i = first, #ARGV do
  entities[#entities + 1], known[ARGV[i]] = ARGV[i], true
end

if ARGV[9] == '2' and redis.call('EXISTS', prefix .. 'mt:topic:' .. entities[1], prefix .. 'mt:implements:' .. entities[1]) == 0 then
  copy(entities[1], own_class)
end

local subscribed, at = {}, 1
while at <= #entities and at <= 100 do
  local topic = prefix .. 'mt:topic:' .. entities[at]
  local fields = redis.call('HGETALL', topic)
  for i = 1, #fields, 2 do
    local field, value = fields[i], fields[i + 1]
    local queue, class = string.match(field, '^([^|]*)|(.+)$')
    queue = queue or field
    local life
    if value == 'temporary' then
      value, life = '', redis.call('PTTL', prefix .. 'mt:temporary:' .. queue)
    end
    if life and life < 0 then
      redis.call('HDEL', topic, field)
    elseif not subscribed[field] then
      -- A queue bound through several entities gets one copy: the nearest entity decides the class.
      subscribed[field] = true
      copy(queue, value ~= '' and value or class or own_class, life)
    end
  end
  if ARGV[9] ~= '0' then
    for _, parent in ipairs(redis.call('SMEMBERS', prefix .. 'mt:implements:' .. entities[at])) do
      if not known[parent] then
        entities[#entities + 1], known[parent] = parent, true
      end
    end
  end
  at = at + 1
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
for _, made in ipairs(due == '' and copies or {}) do
  redis.call(unpack(made.after))
end
if due ~= '' and #copies > 0 and KEYS[3] then
  redis.call('SET', KEYS[3], due, 'PXAT', ARGV[8])
end
return { #copies, unpack(lasting) }
