-- each_subscription.lua: a part of publish.lua, which defines the names that it uses: copy(queue, class, life) is called for each
-- subscription of the entities, and of those that they implement.
-- ARGV[9] -> see publish.lua
-- Returns nothing. A temporary subscription whose queue has ended is removed. Bound: 100 entities.

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
