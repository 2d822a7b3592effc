"""What other sites show of Kwip: no token, no cookie, any origin."""

from __future__ import annotations

from kwip.blueprints.widgets import badges, cards, embeds, feeds, oembed, v1

ROUTES = (
    *v1.ROUTES,
    *feeds.ROUTES,
    *embeds.ROUTES,
    *oembed.ROUTES,
    *cards.ROUTES,
    *badges.ROUTES,
)
