"""Decide, authorise, coordinate: what Kwip does, whoever asks.

Reads take the viewer and the request's one `Reading`; writes are authorised from
MongoDB and make a new reading after their drop.
"""
