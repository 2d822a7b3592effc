"""Decide, authorise and coordinate, for HTTP, jobs and the command line alike.

One package for each subject. A package may only call those below it: world;
maintenance; accounts; discovery; posting, social and search; timelines and media;
delivery; reading; coherence. `bundle` holds what endpoints and jobs get.

Reads take the viewer and the request's loader. Writes are authorised from MongoDB, and
use a new loader after they have invalidated.
"""
