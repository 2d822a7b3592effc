"""What all pages for staff share: places in the navigation, and policies."""

from __future__ import annotations

from dataclasses import dataclass

from kwip.blueprints import http
from kwip.blueprints.table import Policy
from kwip.domain.roles import Permission, may
from kwip.text.translation import lazy_gettext


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation, for whoever has its permission."""

    address: str
    permission: Permission
    icon: str
    label: str
    about: str


PLACES = (
    Place(
        "/admin/reports",
        Permission.SEE_REPORTS,
        "warning",
        lazy_gettext("Reports"),
        lazy_gettext("What people report, and appeals"),
    ),
    Place(
        "/admin/status",
        Permission.SEE_STATUS,
        "device",
        lazy_gettext("Status"),
        lazy_gettext("Servers, queues, deliveries and backups"),
    ),
)


def page_policy(permission: Permission) -> Policy:
    """Return the policy of a page for staff; no copy is stored."""
    return Policy(
        auth="staff",
        scope=None,
        quota="pages",
        cache="never",
        csrf="none",
        permission=permission,
    )


def form_policy(permission: Permission) -> Policy:
    """Return the policy of a form for staff."""
    return Policy(
        auth="staff",
        scope=None,
        quota="pages",
        cache="never",
        csrf="form",
        permission=permission,
    )


def places() -> list[Place]:
    """Return the places that the viewer may open; call it after any write."""
    role = http.services().staff.role(http.signed_in(), http.loader())
    return [place for place in PLACES if may(role, place.permission)]
