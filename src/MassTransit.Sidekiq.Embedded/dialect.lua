-- dialect.lua: what differs between scripts in Garnet 2.2.8 and in Redis. It stands before each script and shadows the names that it uses.
-- Returns nothing. It runs in the same step as the script, so that a kill leaves what the script says.
-- 1. RPOP and LPOP with a count: of an absent list they fail in a script, and of one with a single element they return no table.
-- 2. SET with PXAT or EXAT does not exist, nor does COPY, which is needed for hashes.
-- 3. Numbers become arguments as in Lua 5.4 ("2.0", "9e+15"), where Redis writes all digits and no empty fraction.
-- 4. tonumber() does not know the infinities that a score may be.

local redis, tonumber = (function()
  local garnet, number = redis, tonumber

  local function pop(call, name, key, count)
    if call('EXISTS', key) == 0 then
      return false
    end
    local popped = call(name, key, count)
    return type(popped) == 'string' and { popped } or popped
  end

  -- Where the time of expiry stands among the words of a SET, if it is one at all.
  local function expiry(words)
    for i = 4, #words - 1 do
      local option = string.upper(words[i])
      if option == 'PXAT' or option == 'EXAT' then
        return i, option
      end
    end
  end

  local function set(call, words, at, option)
    local key, time = words[2], table.remove(words, at + 1)
    table.remove(words, at)
    local done = call(unpack(words))
    if done and not (type(done) == 'table' and done.err) then
      call(option == 'PXAT' and 'PEXPIREAT' or 'EXPIREAT', key, time)
    end
    return done
  end

  local function copy(call, from, to, replace)
    local fields = call('HGETALL', from)
    if fields.err then
      return fields
    end
    if #fields == 0 or (call('EXISTS', to) == 1 and not replace) then
      return 0
    end
    call('DEL', to)
    for first = 1, #fields, 1000 do
      call('HSET', to, unpack(fields, first, math.min(first + 999, #fields)))
    end
    local life = call('PTTL', from)
    if life > 0 then
      call('PEXPIRE', to, life)
    end
    return 1
  end

  local function bend(call, ...)
    local words = { ... }
    for i = 1, #words do
      words[i] = type(words[i]) == 'number' and string.format('%.17g', words[i]) or words[i]
    end
    local name = type(words[1]) == 'string' and string.upper(words[1])
    if (name == 'RPOP' or name == 'LPOP') and #words == 3 then
      return pop(call, unpack(words))
    elseif name == 'SET' and #words > 4 then
      local at, option = expiry(words)
      if at then
        return set(call, words, at, option)
      end
    elseif name == 'COPY' then
      return copy(call, words[2], words[3], words[4])
    end
    return call(unpack(words))
  end

  local infinities = {}
  for _, word in ipairs({ 'inf', 'infinity' }) do
    infinities[word], infinities['+' .. word], infinities['-' .. word] = math.huge, math.huge, -math.huge
  end
  return setmetatable({
    call = function(...)
      return bend(garnet.call, ...)
    end,
    pcall = function(...)
      return bend(garnet.pcall, ...)
    end,
  }, { __index = garnet }), function(text, base)
    if base then
      return number(text, base)
    end
    return number(text) or (type(text) == 'string' and infinities[string.lower(text)] or nil)
  end
end)()

