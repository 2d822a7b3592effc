"""Roles of people on this site, and what each role may do.

Each role may do all that the roles before it may. So the table names for each
permission the lowest role that has it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What somebody is on this site; the lowest first."""

    MEMBER = "member"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"
    OWNER = "owner"

    @property
    def is_staff(self) -> bool:
        """Whether it may do anything that members may not."""
        return self is not Role.MEMBER


class Permission(StrEnum):
    """What only some roles may do."""

    SEE_DASHBOARD = "see_dashboard"
    SEE_REPORTS = "see_reports"
    ACT_ON_REPORTS = "act_on_reports"
    SEE_PEOPLE = "see_people"
    LIMIT_PEOPLE = "limit_people"
    REVIEW_SIGN_UPS = "review_sign_ups"
    MANAGE_HASHTAGS = "manage_hashtags"
    SEE_AUDIT_LOG = "see_audit_log"
    SEE_EMAIL_ADDRESSES = "see_email_addresses"
    MANAGE_ACCESS = "manage_access"
    CHANGE_ROLES = "change_roles"
    CHANGE_SETTINGS = "change_settings"
    MANAGE_INVITATIONS = "manage_invitations"
    MANAGE_EMOJI = "manage_emoji"
    MANAGE_ANNOUNCEMENTS = "manage_announcements"
    BLOCK_DOMAINS = "block_domains"
    SEE_STATUS = "see_status"


#: The lowest role that has each permission. `LIMIT_PEOPLE` is to silence and suspend,
#: `MANAGE_ACCESS` to confirm addresses, end sessions, send mail to reset a password and
#: turn off two-factor authentication.
LOWEST: Mapping[Permission, Role] = {
    Permission.SEE_DASHBOARD: Role.MODERATOR,
    Permission.SEE_REPORTS: Role.MODERATOR,
    Permission.ACT_ON_REPORTS: Role.MODERATOR,
    Permission.SEE_PEOPLE: Role.MODERATOR,
    Permission.LIMIT_PEOPLE: Role.MODERATOR,
    Permission.REVIEW_SIGN_UPS: Role.MODERATOR,
    Permission.MANAGE_HASHTAGS: Role.MODERATOR,
    Permission.SEE_AUDIT_LOG: Role.MODERATOR,
    Permission.SEE_EMAIL_ADDRESSES: Role.ADMINISTRATOR,
    Permission.MANAGE_ACCESS: Role.ADMINISTRATOR,
    Permission.CHANGE_ROLES: Role.ADMINISTRATOR,
    Permission.CHANGE_SETTINGS: Role.ADMINISTRATOR,
    Permission.MANAGE_INVITATIONS: Role.ADMINISTRATOR,
    Permission.MANAGE_EMOJI: Role.ADMINISTRATOR,
    Permission.MANAGE_ANNOUNCEMENTS: Role.ADMINISTRATOR,
    Permission.BLOCK_DOMAINS: Role.ADMINISTRATOR,
    Permission.SEE_STATUS: Role.ADMINISTRATOR,
}
_ORDER = {role: number for number, role in enumerate(Role)}
#: Everybody but members.
STAFF = tuple(role for role in Role if role.is_staff)
#: Roles that the version before knew, as a flag.
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.OWNER})


def may(role: Role, permission: Permission) -> bool:
    """Return whether a role has a permission."""
    return _ORDER[role] >= _ORDER[LOWEST[permission]]


def outranks(role: Role, other: Role) -> bool:
    """Return whether somebody may act on people of the other role."""
    return _ORDER[role] > _ORDER[other]


def may_appoint(role: Role, new: Role) -> bool:
    """Return whether somebody may give others the new role: a lower one, or owner."""
    return outranks(role, new) or role is Role.OWNER
