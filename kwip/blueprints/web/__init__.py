"""The pages for people: complete without JavaScript."""

from __future__ import annotations

from kwip.blueprints.web import admin, styleguide
from kwip.blueprints.web.accounts import (
    announcements,
    blogs,
    closing,
    data,
    devices,
    email,
    invitations,
    notification_mail,
    passkeys,
    passwords,
    settings,
    setup,
    site_pages,
    two_factor,
    users,
    welcome,
)
from kwip.blueprints.web.accounts import sign_in as access
from kwip.blueprints.web.discovery import (
    endorsements,
    explore,
    featured_tags,
    search,
    statistics,
    suggestions,
)
from kwip.blueprints.web.moderation import guest_replies, reports, strikes
from kwip.blueprints.web.posting import (
    drafts,
    intents,
    invites,
    media,
    posts,
    quotes,
    reactions,
)
from kwip.blueprints.web.social import (
    follow_requests,
    lists,
    notes,
    people,
    relationships,
    tags,
)
from kwip.blueprints.web.timelines import builder, filters, notifications, timelines

ROUTES = (
    *timelines.ROUTES,
    *access.ROUTES,
    *passwords.ROUTES,
    *two_factor.ROUTES,
    *passkeys.ROUTES,
    *email.ROUTES,
    *notification_mail.ROUTES,
    *devices.ROUTES,
    *users.ROUTES,
    *settings.ROUTES,
    *data.ROUTES,
    *blogs.ROUTES,
    *closing.ROUTES,
    *setup.ROUTES,
    *site_pages.ROUTES,
    *invitations.ROUTES,
    *posts.ROUTES,
    *drafts.ROUTES,
    *quotes.ROUTES,
    *invites.ROUTES,
    *media.ROUTES,
    *relationships.ROUTES,
    *styleguide.ROUTES,
    *reactions.ROUTES,
    *search.ROUTES,
    *statistics.ROUTES,
    *suggestions.ROUTES,
    *explore.ROUTES,
    *welcome.ROUTES,
    *announcements.ROUTES,
    *featured_tags.ROUTES,
    *endorsements.ROUTES,
    *follow_requests.ROUTES,
    *people.ROUTES,
    *lists.ROUTES,
    *notes.ROUTES,
    *tags.ROUTES,
    *notifications.ROUTES,
    *filters.ROUTES,
    *builder.ROUTES,
    *intents.ROUTES,
    *reports.ROUTES,
    *strikes.ROUTES,
    *guest_replies.ROUTES,
    *admin.ROUTES,
)
