"""The pages for people: complete without JavaScript."""

from __future__ import annotations

from kwip.blueprints.web import (
    explore,
    lists,
    media,
    notifications,
    people,
    posts,
    quotes,
    reactions,
    relationships,
    search,
    settings,
    setup,
    styleguide,
    suggestions,
    tags,
    timelines,
    users,
)
from kwip.blueprints.web import sign_in as access

ROUTES = (
    *timelines.ROUTES,
    *access.ROUTES,
    *users.ROUTES,
    *settings.ROUTES,
    *setup.ROUTES,
    *posts.ROUTES,
    *quotes.ROUTES,
    *media.ROUTES,
    *relationships.ROUTES,
    *styleguide.ROUTES,
    *reactions.ROUTES,
    *search.ROUTES,
    *suggestions.ROUTES,
    *explore.ROUTES,
    *people.ROUTES,
    *lists.ROUTES,
    *tags.ROUTES,
    *notifications.ROUTES,
)
