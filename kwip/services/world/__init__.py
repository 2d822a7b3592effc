"""Load a social graph with posts, as large as benchmarks need.

May call posting and maintenance; only the command line and wiring call it.
"""
