"""What keeps the cache right: fence, cache lease, change-stream invalidation.

Every invalidation goes through `fence`. Calls no other package of services.
"""
