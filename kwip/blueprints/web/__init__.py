"""The pages for people: complete without JavaScript."""

from __future__ import annotations

from kwip.blueprints.web import (
    explore,
    featured_tags,
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
    welcome,
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
    *welcome.ROUTES,
    *featured_tags.ROUTES,
    *people.ROUTES,
    *lists.ROUTES,
    *tags.ROUTES,
    *notifications.ROUTES,
)
