-- Read many entries in one call (_entries.lua).
return read_entries(0)
