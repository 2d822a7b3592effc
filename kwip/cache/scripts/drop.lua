-- Drop entities, some of them at once and some no more often than they may be.
--
-- Keys
--   kw:<deployment>:{<entity>}       a hash, one entity (entries.lua)
--   kw:<deployment>:{pace:<entity>}  a string, when the entity was last dropped or will
--                                    be: ms of the server's clock; lives until an invalidation
--                                    is free again
--
-- KEYS  those to drop at once; then for each debounced one: the entity, its pace
-- ARGV  1 how many are dropped at once
--       2.. for each debounced one: the least ms between two of its drops, and the field
--       `w:<user>` of whoever wrote, or nothing
-- Returns how many drops were put off.
-- A drop that is put off is the entity's own end: the server carries it out, whatever
-- dies meanwhile. A generation that exists now ends with it, so nothing that was
-- loaded before this call is read after it. Until then whoever wrote is not given what
-- is under that generation: the field lives as long as it does.
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
    due = due + least  -- the last drop was then, the next one may be so much later
  end
  -- A time further ahead than that is from before the clock was set back.
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
