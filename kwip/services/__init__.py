"""Decide, authorise, coordinate: what Kwip does, whoever asks. Packages by subject.

A package may call those below it: world; maintenance; accounts; posting and social;
timelines and media; delivery; reading; coherence. `bundle` holds what the doors get.

Reads take the viewer and the request's one loader; writes are authorised from MongoDB
and make a new loader after they have invalidated.
"""
