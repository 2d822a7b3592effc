-- Charge windows in a call of their own.
--
-- KEYS  the windows (quota.lua)
-- ARGV  1 the terms (quota.lua)
-- Returns what `charge` returns.
return charge(ARGV[1], 1, false)
