"""Read entities through the cache: the loader of a request.

Kinds of entities, their codecs, single-flight, the request's identity map, and the rate
limits that a request is charged to. May call coherence.
"""
