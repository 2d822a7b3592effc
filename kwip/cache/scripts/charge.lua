-- Charge windows in a separate call.
--
-- KEYS  the windows (rate_limit_windows.lua)
-- ARGV  1 the terms (rate_limit_windows.lua)
-- Returns the reply of `charge`.
return charge(ARGV[1], 1, false)
