-- find_databases.lua: find the databases of this server that hold queues.
-- KEYS[1] -> queues
-- ARGV[1] -> the database of the caller
-- Returns the numbers of the others; none where INFO or SELECT is not allowed. Reads only.
-- Bound: 1000 databases are looked at, 16 returned. SELECT changes the database of the script, not that of the connection;
-- the last line does so where a server holds that differently.

local found, looked = {}, 0
local info = redis.pcall('INFO', 'keyspace')
if type(info) ~= 'string' then
  return found
end
for number in string.gmatch(info, 'db(%d+):') do
  looked = looked + 1
  if looked > 1000 or #found == 16 then
    break
  end
  if number ~= ARGV[1] then
    local selected = redis.pcall('SELECT', number)
    if type(selected) ~= 'table' or selected.err then
      break
    end
    if redis.pcall('EXISTS', KEYS[1]) == 1 then
      found[#found + 1] = tonumber(number)
    end
  end
end
redis.pcall('SELECT', ARGV[1])
return found
