"""What all pages for staff share: places in the navigation, and policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Policy
from kwip.domain.accounts.roles import Permission, Role, may, may_appoint, outranks
from kwip.schemas.accounts.roles import role_name
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User


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
        "/admin/analysis",
        Permission.SEE_DASHBOARD,
        "explore",
        lazy_gettext("Analysis"),
        lazy_gettext("Growth, retention, busiest hours and answers"),
    ),
    Place(
        "/admin/reports",
        Permission.SEE_REPORTS,
        "warning",
        lazy_gettext("Reports"),
        lazy_gettext("What people report, and appeals"),
    ),
    Place(
        "/admin/kwips",
        Permission.ACT_ON_REPORTS,
        "search",
        lazy_gettext("Kwips"),
        lazy_gettext("Find public kwips, and delete or cover them"),
    ),
    Place(
        "/admin/members",
        Permission.SEE_PEOPLE,
        "people",
        lazy_gettext("Members"),
        lazy_gettext("Find people, and limit or suspend them"),
    ),
    Place(
        "/admin/hashtags",
        Permission.MANAGE_HASHTAGS,
        "explore",
        lazy_gettext("Hashtags"),
        lazy_gettext("Which may trend and be found"),
    ),
    Place(
        "/admin/links",
        Permission.MANAGE_HASHTAGS,
        "link",
        lazy_gettext("Links"),
        lazy_gettext("Which may trend, and which domains get previews"),
    ),
    Place(
        "/admin/audit",
        Permission.SEE_AUDIT_LOG,
        "list",
        lazy_gettext("Audit log"),
        lazy_gettext("What staff and operators did, and why"),
    ),
    Place(
        "/admin/settings",
        Permission.CHANGE_SETTINGS,
        "settings",
        lazy_gettext("Settings"),
        lazy_gettext("Name, rules, sign-up and pages of the site"),
    ),
    Place(
        "/admin/announcements",
        Permission.MANAGE_ANNOUNCEMENTS,
        "notifications",
        lazy_gettext("Announcements"),
        lazy_gettext("Messages that all members see"),
    ),
    Place(
        "/admin/applications",
        Permission.REVIEW_SIGN_UPS,
        "people",
        lazy_gettext("Requests to join"),
        lazy_gettext("People who wait for approval"),
    ),
    Place(
        "/admin/invitations",
        Permission.MANAGE_INVITATIONS,
        "link",
        lazy_gettext("Invitations"),
        lazy_gettext("Links with which people can sign up, and who invited whom"),
    ),
    Place(
        "/admin/waiting-list",
        Permission.MANAGE_INVITATIONS,
        "direct",
        lazy_gettext("Waiting list"),
        lazy_gettext("Addresses of people who would like to join"),
    ),
    Place(
        "/admin/emoji",
        Permission.MANAGE_EMOJI,
        "emoji",
        lazy_gettext("Emoji"),
        lazy_gettext("Small pictures that people can write"),
    ),
    Place(
        "/admin/domains",
        Permission.BLOCK_DOMAINS,
        "block",
        lazy_gettext("Email domains"),
        lazy_gettext("Whose addresses nobody can sign up with"),
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


def _role() -> Role:
    """Return the viewer's role; call it after any write."""
    return http.services().staff.role(http.signed_in(), http.loader())


def places() -> list[Place]:
    """Return the places that the viewer may open."""
    role = _role()
    return [place for place in PLACES if may(role, place.permission)]


def permissions() -> frozenset[Permission]:
    """Return what the viewer may do."""
    role = _role()
    return frozenset(each for each in Permission if may(role, each))


def allowed(user: User) -> frozenset[Permission]:
    """Return what the viewer may do to somebody: nothing, unless they outrank them."""
    return permissions() if outranks(_role(), user.role) else frozenset()


def role_names(*, only_given: bool = False) -> list[tuple[str, str]]:
    """Return all roles, or those that the viewer may give, with their names."""
    role = _role()
    return [
        (each.value, role_name(each))
        for each in Role
        if not only_given or may_appoint(role, each)
    ]


def waiting_at(address: str) -> int | None:
    """Return how much waits for staff at a place; None where nothing can."""
    services = http.services()
    if address == "/admin/reports":
        return services.queue.counts(http.signed_in()).total
    if address == "/admin/applications":
        return services.applications.count() or None
    return None
