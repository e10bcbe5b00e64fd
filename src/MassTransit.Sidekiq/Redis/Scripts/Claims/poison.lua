-- poison.lua: a part of rescue.lua: how a job is counted that processes died with, and what is written into it at last.
-- ARGV[5] -> mt:poison: with prefix   ARGV[7] -> the reason as JSON fields   ARGV[8] -> now, float seconds
-- Returns nothing; it defines poison_key and with_reason.

-- The name of the counter: the jid, or a hash of the job when its jid is missing or cannot be part of a key.
local function poison_key(job, fields)
  local jid = fields and type(fields.jid) == 'string' and string.match(fields.jid, '^[%w%-_]+$')
  return ARGV[5] .. (jid and #jid <= 64 and jid or redis.sha1hex(job))
end

-- The reason is added at the end; of two equal keys every reader takes the last.
local function with_reason(job, fields)
  local body = fields and string.match(job, '^(%s*{.*)}%s*$')
  if not body then
    return job
  end
  local failed_at = tonumber(fields.failed_at) and '' or ',"failed_at":' .. ARGV[8]
  local retry_count = tonumber(fields.retry_count) and '' or ',"retry_count":0'
  return body .. (next(fields) and ',' or '') .. ARGV[7] .. failed_at .. retry_count .. '}'
end
