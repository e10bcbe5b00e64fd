-- subscribe.lua: add the subscriptions of an endpoint.
-- KEYS -> mt:topic:<entity> of each, the first KEYS[1] -> one of them
-- ARGV[1] -> the subscription, "queue" or "queue|Class"   ARGV[2] -> a class, "" for the message's own, or "temporary"
-- Returns nothing. One step: a kill leaves all or none. A topic of another type is refused with those after it, and the
-- endpoint, which takes no jobs until all are added, tries again. PERSIST comes first since it needs no memory: a step that
-- has written may still add when memory is full, and an endpoint that could not start would free none.

redis.call('PERSIST', KEYS[1])
for _, topic in ipairs(KEYS) do
  redis.call('HSET', topic, ARGV[1], ARGV[2])
end
