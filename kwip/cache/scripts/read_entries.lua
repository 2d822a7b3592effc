-- Read many entries in one call (_read_entries.lua).
return read_entries(0)
