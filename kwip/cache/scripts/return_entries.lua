-- Read many entries in one call (read_entries.lua).
return read_entries(0)
