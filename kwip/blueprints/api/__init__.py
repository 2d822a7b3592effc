"""The Mastodon client API: the one JSON API, for apps.

Posts are statuses here, users are accounts. `docs/api.md` lists the routes.
"""

from __future__ import annotations

from kwip.blueprints.api import announcements, emojis, empty, instance
from kwip.blueprints.api.accounts import accounts, endorsements, featured_tags
from kwip.blueprints.api.discovery import search, suggestions, tags, trends
from kwip.blueprints.api.moderation import admin, admin_figures, admin_trends, reports
from kwip.blueprints.api.posting import (
    media,
    polls,
    quotes,
    scheduled,
    statuses,
    updates,
)
from kwip.blueprints.api.social import (
    filters,
    follow_requests,
    lists,
    people,
    relationships,
)
from kwip.blueprints.api.timelines import notifications, push, timelines

ROUTES = (
    *instance.ROUTES,
    *emojis.ROUTES,
    *announcements.ROUTES,
    *accounts.ROUTES,
    *search.ROUTES,
    *relationships.ROUTES,
    *follow_requests.ROUTES,
    *people.ROUTES,
    *reports.ROUTES,
    *admin.ROUTES,
    *admin_figures.ROUTES,
    *admin_trends.ROUTES,
    *media.ROUTES,
    *statuses.ROUTES,
    *updates.ROUTES,
    *scheduled.ROUTES,
    *polls.ROUTES,
    *quotes.ROUTES,
    *timelines.ROUTES,
    *lists.ROUTES,
    *tags.ROUTES,
    *trends.ROUTES,
    *suggestions.ROUTES,
    *featured_tags.ROUTES,
    *endorsements.ROUTES,
    *filters.ROUTES,
    *empty.ROUTES,
    *notifications.ROUTES,
    *push.ROUTES,
)
