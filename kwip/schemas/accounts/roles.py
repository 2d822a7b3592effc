"""Roles: their names on pages, and Mastodon's Role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.accounts.roles import Permission, Role, may
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE_NAMES: Mapping[Role, str] = {
    Role.MEMBER: lazy_gettext("Member"),
    Role.MODERATOR: lazy_gettext("Moderator"),
    Role.ADMINISTRATOR: lazy_gettext("Administrator"),
    Role.OWNER: lazy_gettext("Owner"),
}
#: Mastodon's numbers of the roles that every site has.
_IDS = {
    Role.MEMBER: "-99",
    Role.MODERATOR: "1",
    Role.ADMINISTRATOR: "2",
    Role.OWNER: "3",
}
#: Mastodon's flags of what a role may do, by our permissions.
_FLAGS = {
    Permission.SEE_STATUS: 1 << 1,
    Permission.SEE_AUDIT_LOG: 1 << 2,
    Permission.SEE_DASHBOARD: 1 << 3,
    Permission.ACT_ON_REPORTS: 1 << 4,
    Permission.CHANGE_SETTINGS: 1 << 6,
    Permission.BLOCK_DOMAINS: 1 << 7,
    Permission.MANAGE_HASHTAGS: 1 << 8,
    Permission.LIMIT_PEOPLE: 1 << 10,
    Permission.MANAGE_INVITATIONS: 1 << 11,
    Permission.MANAGE_ANNOUNCEMENTS: 1 << 13,
    Permission.MANAGE_EMOJI: 1 << 14,
    Permission.CHANGE_ROLES: 1 << 17,
    Permission.MANAGE_ACCESS: 1 << 18,
}
#: Mastodon's flag for a role that may do everything.
_EVERYTHING = 1


def role_name(role: Role) -> str:
    """Return the name of a role, for pages."""
    return str(ROLE_NAMES[role])


def public_role(role: Role) -> dict[str, str]:
    """Return a role as everybody sees it; in English, because it is remembered."""
    name = ROLE_NAMES[role] if role.is_staff else ""
    return {"id": _IDS[role], "name": name, "color": ""}


def own_role(role: Role) -> dict[str, object]:
    """Return a role as its holder sees it."""
    flags = sum(flag for permission, flag in _FLAGS.items() if may(role, permission))
    permissions = _EVERYTHING if role is Role.OWNER else flags
    shown = {"permissions": str(permissions), "highlighted": role.is_staff}
    return {**public_role(role), **shown}
