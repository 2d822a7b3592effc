"""The loader of a request: reads entities through the cache.

Kinds of entities, their codecs, single-flight, the request's identity map, and what a
request is charged. May call coherence.
"""
