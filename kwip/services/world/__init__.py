"""Load a social graph with posts, of a size that benchmarks need.

May call posting and maintenance; only the command line and wiring call it.
"""
