-- find_refused.lua: find the commands that the user of this connection may not run, without running them.
-- ARGV[1] -> the commands as JSON: an array of arrays, each a name and its arguments
-- Returns the positions of the refused ones, from 0; those that this server does not know are among them. {-1} before Redis 7,
-- which cannot tell. Reads only.

if not redis.acl_check_cmd then
  return { -1 }
end
local refused = {}
for position, command in ipairs(cjson.decode(ARGV[1])) do
  local known, allowed = pcall(redis.acl_check_cmd, unpack(command))
  if not (known and allowed) then
    refused[#refused + 1] = position - 1
  end
end
return refused
