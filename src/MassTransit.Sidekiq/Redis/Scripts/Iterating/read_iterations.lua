-- read_iterations.lua: the states of those of these jobs that iterate.
-- KEYS[1..] -> it-<jid> of each (at most 1000)
-- ARGV[1..] -> the fields
-- Returns the values of each, in the order of the keys; none for a key of another type, which must not hide the others. It only reads.

local states = {}
for i, key in ipairs(KEYS) do
  local values = redis.pcall('HMGET', key, unpack(ARGV))
  states[i] = values.err and {} or values
end
return states
