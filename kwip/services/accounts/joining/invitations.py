"""Invitations: links with which people can sign up, made by staff or by members."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.audit_log import Action
from kwip.domain.accounts.joining import (
    MEMBER_DAYS,
    MEMBER_INVITATIONS,
    MEMBER_USES,
    STAFF_DAYS,
    STAFF_USES,
    Invitation,
)
from kwip.domain.accounts.site import SignUpMode
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import NOBODY
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.joining import Invited
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.accounts.joining.site import Site
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.store.accounts.invitations import InvitationStore
    from kwip.store.accounts.users import SignUpStep, UserStore

#: 72 bits, so that nobody guesses one.
_CODE_BYTES = 9
_CODE_MAX = 40
#: How many a list shows.
SHOWN = 200
_GONE = lazy_gettext(
    "This invitation doesn't work. It has expired, was used up, or was ended."
)


@dataclass(frozen=True, slots=True)
class Listed:
    """An invitation with its creator, whether it works, and who came by it."""

    invitation: Invitation
    creator: User | None
    works: bool
    invited: tuple[User, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitations:
    """Create, list, end and use invitations."""

    store: InvitationStore
    users: UserStore
    site: Site
    audit_log: AuditLog
    clock: ClockMs

    def may_invite(self) -> bool:
        """Return whether members may invite people now."""
        now = self.site.current()
        return now.members_invite and now.sign_up is not SignUpMode.CLOSED

    def create(
        self, viewer: Viewer, *, max_uses: int | None, days: int | None
    ) -> Invitation:
        """Create an invitation of a member.

        Raises:
            InvalidError: Members may not invite people now, a number is too large or
                missing, or there are too many.
        """
        if not self.may_invite():
            raise InvalidError(lazy_gettext("Only staff can invite people here."))
        now = at(self.clock())
        if self._working(viewer, now) >= MEMBER_INVITATIONS:
            raise _too_many()
        wrong = _limits(max_uses, days, MEMBER_USES, MEMBER_DAYS, is_required=True)
        if wrong:
            raise InvalidError(lazy_gettext("The invitation was not created."), wrong)
        made = self.draft(viewer.id, max_uses, days, is_staff=False)
        self.store.add(made)
        # Of several that are created at once, the last one to be stored sees them all.
        if self._working(viewer, now) > MEMBER_INVITATIONS:
            self.store.remove(made.code)
            raise _too_many()
        return made

    def _working(self, viewer: Viewer, now: dt.datetime) -> int:
        own = self.store.of_creator(viewer.id, SHOWN)
        return sum(each.works_at(now) for each in own)

    def create_for_staff(
        self,
        order: Order,
        *,
        max_uses: int | None,
        days: int | None,
        creator_id: UserId = NOBODY,
    ) -> Invitation:
        """Create an invitation for staff, which works in every sign-up mode.

        Raises:
            InvalidError: A number is too large.
        """
        if wrong := _limits(max_uses, days, STAFF_USES, STAFF_DAYS, is_required=False):
            raise InvalidError(lazy_gettext("The invitation was not created."), wrong)
        made = self.draft(creator_id, max_uses, days, is_staff=True)
        limits = {"uses": str(max_uses or "any"), "days": str(days or "any")}
        entry = self.audit_log.entry(order, Action.CREATE_INVITATION, made.name, limits)
        self.store.add_and(made, entry)
        return made

    def draft(
        self, creator_id: UserId, max_uses: int | None, days: int | None, *,
        is_staff: bool,
    ) -> Invitation:  # fmt: skip
        """Make an invitation that is yet to be stored."""
        now = at(self.clock())
        return Invitation(
            code=secrets.token_urlsafe(_CODE_BYTES),
            creator_id=creator_id,
            is_staff=is_staff,
            created_at=now,
            works_until=None if days is None else now + dt.timedelta(days=days),
            max_uses=max_uses,
        )

    def end(self, viewer: Viewer, code: str) -> None:
        """End an invitation of the viewer.

        Raises:
            NotFoundError: The viewer has no such invitation.
        """
        found = self.store.find(code[:_CODE_MAX])
        if found is None or found.creator_id != viewer.id:
            raise NotFoundError(lazy_gettext("Invitation not found."))
        self.store.end(found.code, at(self.clock()))

    def end_by_staff(self, code: str, order: Order) -> None:
        """End any invitation.

        Raises:
            NotFoundError: There is no such invitation.
        """
        found = self.store.find(code[:_CODE_MAX])
        if found is None:
            raise NotFoundError(lazy_gettext("Invitation not found."))
        entry = self.audit_log.entry(order, Action.END_INVITATION, found.name, {})
        self.store.end(found.code, at(self.clock()), entry)

    def usable(self, code: str) -> Invitation:
        """Return an invitation with which somebody can sign up now; two queries.

        Those of members don't work while members may not invite people, nor while they
        are suspended or have closed their account.

        Raises:
            InvalidError: It does not work.
        """
        found = self.store.find(code) if 0 < len(code) <= _CODE_MAX else None
        if found is None or not found.works_at(at(self.clock())):
            raise _refusal()
        if not (found.is_staff or self.may_invite()):
            raise _refusal()
        if not _is_vouched_for(found, self.creator_of(found)):
            raise _refusal()
        return found

    def using(self, code: str) -> SignUpStep:
        """Return the step of a sign-up that uses an invitation.

        It raises InvalidError if the invitation does not work.
        """
        now = at(self.clock())

        def use(user_id: UserId, session: Any) -> None:
            if not self.store.use(code, user_id, now, session):
                raise _refusal()

        return use

    def creator_of(self, invitation: Invitation) -> User | None:
        """Return who created an invitation; None if nobody knows."""
        return self._users({invitation.creator_id}).get(invitation.creator_id)

    def of_viewer(self, viewer: Viewer) -> list[Listed]:
        """Return the viewer's invitations, the newest first."""
        return self._listed(self.store.of_creator(viewer.id, SHOWN))

    def newest(self) -> list[Listed]:
        """Return everybody's invitations for staff, the newest first."""
        return self._listed(self.store.newest(SHOWN))

    def _listed(self, found: Sequence[Invitation]) -> list[Listed]:
        invited = self.store.invited_by([each.code for each in found])
        ids = {each.creator_id for each in found} | {i.user_id for i in invited}
        users, now = self._users(ids), at(self.clock())
        may_invite = self.may_invite()
        return [
            Listed(
                each,
                users.get(each.creator_id),
                each.works_at(now)
                and (each.is_staff or may_invite)
                and _is_vouched_for(each, users.get(each.creator_id)),
                _came_by(each, invited, users),
            )
            for each in found
        ]

    def _users(self, ids: set[UserId]) -> dict[UserId, User]:
        return self.users.get_many(sorted(ids - {NOBODY}))


def _is_vouched_for(invitation: Invitation, creator: User | None) -> bool:
    """Return whether it is the site's, or its member is not suspended."""
    return invitation.is_staff or creator is None or not creator.is_suspended


def _came_by(
    invitation: Invitation, invited: Sequence[Invited], users: dict[UserId, User]
) -> tuple[User, ...]:
    ids = (each.user_id for each in invited if each.code == invitation.code)
    return tuple(users[user_id] for user_id in ids if user_id in users)


def _limits(
    max_uses: int | None, days: int | None, most: int, longest: int, *,
    is_required: bool,
) -> dict[str, str]:  # fmt: skip
    wrong: dict[str, str] = {}
    for name, value, limit in (("max_uses", max_uses, most), ("days", days, longest)):
        is_missing = value is None and is_required
        if is_missing or (value is not None and not 1 <= value <= limit):
            wrong[name] = lazy_gettext(
                "Enter a number from 1 to %(limit)s.", limit=f"{limit:,}"
            )
    return wrong


def _too_many() -> InvalidError:
    return InvalidError(
        lazy_gettext(
            "You can have up to %(limit)s invitations. End one first.",
            limit=MEMBER_INVITATIONS,
        )
    )


def _refusal() -> InvalidError:
    return InvalidError(_GONE, {"invite": _GONE})
