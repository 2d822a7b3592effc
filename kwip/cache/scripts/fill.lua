-- Store loaded values, unless the key was invalidated meanwhile or has a newer value.
--
-- Keys (each a hash, one entity, named `kw:<deployment>:{<entity>}`)
--   g         12 random bytes: the generation; only entries.lua creates it
--   v         epoch and version of the newest fill, 8 + 8 bytes
--   f:<variant>  generation | epoch | version | soft expiry | flags | payload
--   w:<user>  nothing: the variants may lack what this user wrote (invalidate.lua)
--
-- KEYS  one for each entry; after them the windows to charge (rate_limit_windows.lua)
-- ARGV  for each key: the field `f:<variant>`, the packed entry
--       last, if there is anything to charge: its terms (rate_limit_windows.lua)
-- Returns for each key 1 if it was stored, 0 if it was refused: another generation, or
-- a lower epoch or version than the newest fill. A higher one deletes the other variants.
-- One variant too many deletes all except the first parts of a timeline, `head` and
-- `top`: anybody can invent a cursor and with it a variant, but everybody reads those.
-- Last comes the reply of `charge`; values are filled even if it refuses.
-- It sets no time to live: that was set when the generation was created.

-- Lua compares strings by the server's locale, so compare numbers.
local function compare(a, b)
  local a_epoch, a_version = struct.unpack('>I8I8', a)
  local b_epoch, b_version = struct.unpack('>I8I8', b)
  if a_epoch ~= b_epoch then
    return a_epoch < b_epoch and -1 or 1
  end
  return a_version < b_version and -1 or (a_version > b_version and 1 or 0)
end

local most_variants = 32
local replies = {}
local entries = math.floor(#ARGV / 2)
for k = 1, entries do
  local key = KEYS[k]
  local field, entry = ARGV[2 * k - 1], ARGV[2 * k]
  local found = redis.call('HMGET', key, 'g', 'v')
  local g, newest = found[1], found[2]
  local mine = string.sub(entry, 13, 28)
  local order = newest and compare(mine, newest) or 0
  if g ~= string.sub(entry, 1, 12) or order < 0 then
    replies[k] = 0
  else
    if order > 0 or redis.call('HLEN', key) >= most_variants + 2 then
      local variants = {}
      for _, other in ipairs(redis.call('HKEYS', key)) do
        if string.sub(other, 1, 2) == 'f:' then
          variants[#variants + 1] = other
        end
      end
      if order > 0 or #variants >= most_variants then
        for _, variant in ipairs(variants) do
          local is_first = string.find(variant, '^f:head[.%d]*$')
            or string.find(variant, '^f:top[.%d]*$')
          if order > 0 or not is_first then
            redis.call('HDEL', key, variant)
          end
        end
      end
    end
    redis.call('HSET', key, 'v', mine, field, entry)
    replies[k] = 1
  end
end
if #ARGV % 2 == 1 then
  replies[entries + 1] = charge(ARGV[#ARGV], entries + 1, false)
end
return replies
