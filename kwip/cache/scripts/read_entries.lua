-- Read many entries in one call (entries.lua).
return read_entries(0)
