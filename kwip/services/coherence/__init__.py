"""Keep the cache consistent: fence, cache lease, change-stream invalidation.

Every invalidation goes through `fence`. Calls no other package of services.
"""
