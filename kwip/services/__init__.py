"""Decide, authorise and coordinate, for HTTP, jobs and the command line alike.

One package for each subject, and none calls those above it: world; backups;
maintenance; moderation; accounts; discovery; posting, social and search; push; links
and mail; timelines and media; delivery; reading; coherence and outgoing. `bundle` holds
what endpoints and jobs get.

Reads take the viewer and the request's loader. Writes are authorised from MongoDB, and
use a new loader after they have invalidated.
"""
