"""The rules for loading a social graph, and for the traffic that drives it."""
