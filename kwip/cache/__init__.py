"""The only package that uses Redis, apart from `embedded`, which starts the servers.

MongoDB holds the truth, and Redis may vanish at any moment, so what serves requests
does not raise if Redis fails. A function that reads returns None if Redis did not
answer, one that invalidates returns whether that is confirmed; `services.reading` and
`services.coherence` decide what follows. Only the loops that wait for Redis get its
failures as exceptions: `queue.JobQueue.take`, and what uses `client.plain_client`.
"""
