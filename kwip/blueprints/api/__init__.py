"""The Mastodon client API: the one JSON API, for apps.

Posts are statuses here, users are accounts. `docs/api.md` lists the routes.
"""

from __future__ import annotations

from kwip.blueprints.api import (
    accounts,
    admin,
    admin_trends,
    announcements,
    emojis,
    empty,
    featured_tags,
    filters,
    follow_requests,
    instance,
    lists,
    media,
    notifications,
    people,
    polls,
    quotes,
    relationships,
    reports,
    scheduled,
    search,
    statuses,
    suggestions,
    tags,
    timelines,
    trends,
    updates,
)

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
    *filters.ROUTES,
    *empty.ROUTES,
    *notifications.ROUTES,
)
