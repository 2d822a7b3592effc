"""The pages for staff, below `/admin`: each row of their routes names a permission.

A new page has a module here, a row in `shell.PLACES`, and a template that extends
`admin.html`.
"""

from __future__ import annotations

from kwip.blueprints.web.admin import (
    analysis,
    announcements,
    appeals,
    audit,
    discovery,
    email_domains,
    emoji,
    joining,
    kwips,
    members,
    overview,
    reports,
    site_settings,
    status,
)

ROUTES = (
    *overview.ROUTES,
    *analysis.ROUTES,
    *reports.ROUTES,
    *appeals.ROUTES,
    *members.ROUTES,
    *kwips.ROUTES,
    *joining.ROUTES,
    *audit.ROUTES,
    *announcements.ROUTES,
    *discovery.ROUTES,
    *site_settings.ROUTES,
    *emoji.ROUTES,
    *email_domains.ROUTES,
    *status.ROUTES,
)
