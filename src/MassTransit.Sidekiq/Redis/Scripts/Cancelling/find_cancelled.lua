-- find_cancelled.lua: which of these running jobs are cancelled.
-- KEYS[1..] -> it-<jid> of each (at most 1000)
-- Returns their positions, from 0. A key of another type is no mark, and must not hide the others. It only reads.

local found = {}
for i, key in ipairs(KEYS) do
  local mark = redis.pcall('HGET', key, 'cancelled')
  if type(mark) == 'string' then
    found[#found + 1] = i - 1
  end
end
return found
