-- Return a cached page if nothing that it was made from has changed; else read entries.
--
-- Keys (a hash, one page of one reader, named `kw:<deployment>:{page:<digest>}`)
--   p  the epoch of the lease under which all its parts were read, 8 bytes; then for
--      each part its entity's key (preceded by its length, 2 bytes), its generation
--      and its `v`, 12 + 16 bytes
--   e  the page's ETag
--   b  the page: headers and body, opaque to this script
--
-- KEYS  1 the page; then as entries.lua
-- ARGV  1 the ETag of the caller's own copy, or nothing; then as entries.lua
-- Returns {{ETag, page}} or, if the caller has it, {{ETag}}; then the reply of `charge`,
-- which comes alone if it was refused. If there is no valid page: as entries.lua.
-- Versions are compared too: under one generation the newer of two fills counts. And no
-- part may lack what the reader wrote (entries.lua).
local function is_current(parts, epoch, wrote)
  if string.sub(parts, 1, 8) ~= epoch then
    return false
  end
  local at, length, key = 9, #parts, nil
  while at <= length do
    key, at = struct.unpack('>I2c0', parts, at)
    local found = redis.call('HMGET', key, 'g', 'v', wrote)
    local g, v = found[1], found[2]
    if not (g and v) or found[3] or string.sub(parts, at, at + 27) ~= g .. v then
      return false
    end
    at = at + 28
  end
  return true
end

local parts = redis.call('HGET', KEYS[1], 'p')
if not parts or not is_current(parts, ARGV[2], ARGV[4]) then
  return read_entries(1)
end
local etag, verdict = redis.call('HGET', KEYS[1], 'e'), nil
if (#ARGV - 1) % 3 == 1 then
  local entries = 0
  for run = 5, #ARGV - 2, 3 do
    entries = entries + tonumber(ARGV[run])
  end
  -- A user's page is keyed by user id and secret together, and was made when both were
  -- valid; the credential is one of the compared parts.
  verdict = charge(ARGV[#ARGV], entries + 2, true)
  if string.byte(verdict) == 0 then
    return {verdict}
  end
end
local page = {etag}
if etag ~= ARGV[1] then
  page[2] = redis.call('HGET', KEYS[1], 'b')
end
return {page, verdict}
