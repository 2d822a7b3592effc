"""The only package that uses Redis; its functions never raise.

MongoDB holds the truth, and Redis may vanish at any moment. A function that reads
returns None if Redis did not answer, one that invalidates returns whether that is
confirmed. What follows from it is decided in `services.reading` and
`services.coherence`.
"""
