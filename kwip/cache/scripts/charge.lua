-- Charge windows in a separate call.
--
-- KEYS  the windows (_windows.lua)
-- ARGV  1 the terms (_windows.lua)
-- Returns the reply of `charge`.
return charge(ARGV[1], 1, false)
