-- Charge windows in a separate call.
--
-- KEYS  the windows (quota.lua)
-- ARGV  1 the terms (quota.lua)
-- Returns the reply of `charge`.
return charge(ARGV[1], 1, false)
