"""Timelines, counters, hashtags and search made again from the posts."""
