-- Charge sliding windows, all or none; prepended to entries, fill and charge.
--
-- Keys (each a list, one window, named `kw:<deployment>:{quota:<window>:<whose>}`)
--   the server's time in µs of each allowed request, oldest first: at most the limit,
--   plus what `add` in cache/rate_limits.py charges afterwards for the work of a request;
--   lives for one span after the newest
--
-- `charge(terms, first, is_found)` charges the keys from `KEYS[first]` on.
-- `terms` is packed by cache/rate_limits.py:
--   guarded, known, others   1 byte each: if `guarded`, the first `known` windows are
--                            charged if the call found its first entry, else the
--                            `others` after them; if not `guarded`, always the others
--   limit, span in ms        4 + 4 bytes for each window
--   back                     8 bytes, optional: a time to remove from one more list,
--                            the last key
-- Returns is allowed, is known (1 byte each), limit, remaining (4 each), when more is
-- allowed again, now (8 each, µs) of the window with the least left; limit 0 if none.
local function charge(terms, first, is_found)
  local guarded, known, others = struct.unpack('BBB', terms)
  local is_known = guarded == 1 and is_found
  local from = is_known and 0 or known
  local to = is_known and known - 1 or known + others - 1
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]

  if #terms > 3 + 8 * (known + others) then
    local back = struct.unpack('>I8', terms, 4 + 8 * (known + others))
    redis.call('LREM', KEYS[first + known + others], -1, back)
  end
  local allowed, limit, left, free_at = 1, 0, 0, 0
  for w = from, to do
    local key = KEYS[first + w]
    local most, span = struct.unpack('>I4I4', terms, 4 + 8 * w)
    span = span * 1000
    local oldest = tonumber(redis.call('LINDEX', key, 0) or nil)
    -- A time a whole span ahead was stored before the clock was set back.
    while oldest and (oldest <= now - span or oldest > now + span) do
      redis.call('LPOP', key)
      oldest = tonumber(redis.call('LINDEX', key, 0) or nil)
    end
    local used = redis.call('LLEN', key)
    if used >= most then
      local frees = redis.call('LINDEX', key, used - most) + span
      if allowed == 1 or frees > free_at then
        allowed, limit, left, free_at = 0, most, 0, frees
      end
    elseif allowed == 1 and (limit == 0 or most - used - 1 < left) then
      limit, left, free_at = most, most - used - 1, (oldest or now) + span
    end
  end
  if allowed == 1 then
    for w = from, to do
      local key = KEYS[first + w]
      local _, span = struct.unpack('>I4I4', terms, 4 + 8 * w)
      redis.call('RPUSH', key, now)
      redis.call('PEXPIRE', key, span + 1)  -- expires after its ms, not before
    end
  end
  return struct.pack('>BBI4I4I8I8', allowed, is_known and 1 or 0,
    limit, left, free_at, now)
end
