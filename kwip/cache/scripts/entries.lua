-- Read many entries, and create the generation of each that has none; prepended to
-- read_entries.lua and read_page.lua.
--
-- Keys (each a hash, one entity, named `kw:<deployment>:{<entity>}`)
--   g         12 random bytes: the generation; lives as long as the hash
--   v         epoch and version of the newest fill, 8 + 8 bytes (fill.lua)
--   f:<variant>  generation | epoch | version | soft expiry | flags | payload
--   w:<user>  nothing: the variants may lack what this user wrote (invalidate.lua)
--
-- `read_entries(skipped)` skips the first `skipped` of KEYS and of ARGV, then:
-- KEYS  one for each entry, in runs that share a variant and a time to live; after them
--       the windows to charge (rate_limit_windows.lua)
-- ARGV  1 the epoch of the caller's lease, 8 bytes
--       2 a nonce, 12 random bytes: the generation of every hash that this call creates
--       3 the field `w:<user>` of the reader, or nothing
--       4.. for each run: how many keys, the field `f:<variant>`, time to live in s; below
--           0: existing hashes with a longer time to live are cut to it, too
--       last, if there is anything to charge: its terms (rate_limit_windows.lua)
-- Returns for each key the entry, if it is valid under that generation and epoch, else
-- only the generation: what is then loaded may be filled under it. An empty string if
-- the variants may lack what the reader wrote: others still use them, so what is then
-- loaded is for the reader alone. Last comes the reply of `charge`, and alone if it was
-- refused.
-- The time to live is set when the generation is created, and never extended.
local function read_entries(skipped)
  local epoch, nonce, wrote = ARGV[skipped + 1], ARGV[skipped + 2], ARGV[skipped + 3]
  local replies, k = {}, 0
  for run = skipped + 4, #ARGV - 2, 3 do
    local field, ttl = ARGV[run + 1], tonumber(ARGV[run + 2])
    local longest = math.abs(ttl)
    for _ = 1, tonumber(ARGV[run]) do
      k = k + 1
      local key = KEYS[skipped + k]
      local found = redis.call('HMGET', key, 'g', field, wrote)
      local g, entry = found[1], found[2]
      if g and ttl < 0 and redis.call('TTL', key) > longest then
        redis.call('EXPIRE', key, longest)
      end
      if not g then
        redis.call('HSET', key, 'g', nonce)
        redis.call('EXPIRE', key, longest)
        replies[k] = nonce
      elseif found[3] then
        replies[k] = ''
      elseif entry and string.sub(entry, 1, 12) == g
          and string.sub(entry, 13, 20) == epoch then
        replies[k] = entry
      else
        replies[k] = g
      end
    end
  end
  if (#ARGV - skipped) % 3 == 1 then
    -- Byte 37 has the flags; 1 is known empty: a forged token that was looked up before.
    local guard = replies[1]
    local is_found = guard and #guard > 36 and string.byte(guard, 37) % 2 == 0
    local verdict = charge(ARGV[#ARGV], skipped + k + 1, is_found)
    if string.byte(verdict) == 0 then
      return {verdict}
    end
    replies[k + 1] = verdict
  end
  return replies
end
