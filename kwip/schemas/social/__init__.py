"""Relationships and lists. Calls no other package of schemas."""
