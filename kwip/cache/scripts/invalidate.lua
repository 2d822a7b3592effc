-- Invalidate entities: some at once, and debounced ones only once in a while.
--
-- Keys
--   kw:<deployment>:{<entity>}       a hash, one entity (entries.lua)
--   kw:<deployment>:{pace:<entity>}  a string, when the entity was last invalidated, or
--                                    will be: ms of the server's clock; lives until the
--                                    next one may happen at once
--
-- KEYS  those to invalidate at once; then for each debounced one: the entity, its pace
-- ARGV  1 how many are invalidated at once
--       2.. for each debounced one: the minimum ms between two invalidations, and the
--       field `w:<user>` of the writer, or nothing
-- Returns how many were postponed.
-- A postponed invalidation is an expiry of the entity: the server performs it even if
-- every process dies. It also ends the current generation, so nothing that was loaded
-- before this call is read after it. Until then the writer gets nothing from that
-- generation: the field lives as long as it does.
local at_once = tonumber(ARGV[1])
for k = 1, at_once do
  redis.call('UNLINK', KEYS[k])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local late = 0
for p = 1, (#ARGV - 1) / 2 do
  local entity, pace = KEYS[at_once + 2 * p - 1], KEYS[at_once + 2 * p]
  local least, wrote = tonumber(ARGV[2 * p]), ARGV[2 * p + 1]
  local due = tonumber(redis.call('GET', pace) or nil)
  if due and due <= now then
    due = due + least  -- the last one was then, so the next one is due later
  end
  -- A time further ahead was stored before the clock was set back.
  if not due or due <= now or due > now + least then
    due = now
    redis.call('UNLINK', entity)
  else
    late = late + 1
    local left = redis.call('PTTL', entity)
    if left == -1 or left > due - now then
      redis.call('PEXPIREAT', entity, due)
    end
    if wrote ~= '' and left ~= -2 then
      redis.call('HSET', entity, wrote, '')
    end
  end
  redis.call('SET', pace, string.format('%d', due), 'PX', due + least - now)
end
return late
