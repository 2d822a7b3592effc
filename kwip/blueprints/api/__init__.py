"""The Mastodon client API: the one JSON API, for apps.

Posts are statuses here, users are accounts. `docs/api.md` lists the routes.
"""

from __future__ import annotations

from kwip.blueprints.api import accounts, instance, relationships, statuses, timelines

ROUTES = (
    *instance.ROUTES,
    *accounts.ROUTES,
    *relationships.ROUTES,
    *statuses.ROUTES,
    *timelines.ROUTES,
)
