"""Find members and see what is known about them: for staff, and for operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Action, AuditQuery
from kwip.domain.accounts.members import MAX_FOUND, MemberFacts, MemberPage
from kwip.domain.accounts.roles import Permission
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.names import words_of
from kwip.text.emails import read_email

if TYPE_CHECKING:
    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.members import MemberQuery
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.accounts.staff.moderation import Moderation
    from kwip.services.accounts.staff.staff import Staff
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.invitations import InvitationStore
    from kwip.store.accounts.members import MemberStore
    from kwip.store.delivery.hibernation import HibernationStore
    from kwip.store.posting.media.attachments import AttachmentStore

#: Entries of the audit log on a member's page.
_LOGGED = 20
#: Invitations that are counted there, and people who came by them.
_INVITATIONS, _INVITED = 100, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Read what staff may see; nothing of it is cached."""

    stores: Stores
    store: MemberStore
    homes: HibernationStore
    attachments: AttachmentStore
    invitations: InvitationStore
    audit_log: AuditLog
    moderation: Moderation
    staff: Staff
    clock: ClockMs

    def page(
        self, asked: MemberQuery, *, by_address: bool, reader: Viewer | None = None
    ) -> MemberPage:
        """List members: one query, or up to four for a search.

        A search finds a whole username, and the beginnings of names, `MAX_FOUND` at
        most; and a whole email address for those who may know who has it. That a
        `reader` learned that way who has one is recorded.
        """
        if asked.is_impossible:
            return MemberPage([], None)
        text = asked.search.strip()
        among = self._found(text, by_address=by_address) if text else None
        if reader and by_address and among and _is_address(text):
            order = self.staff.order(reader, Permission.SEE_EMAIL_ADDRESSES, "")
            for user_id in among:
                self.moderation.record(order, Action.SEE_EMAIL, user_id)
        users = self.store.page(asked, among)
        is_last = len(users) < asked.limit
        return MemberPage(users, None if is_last else users[-1].id)

    def _found(self, text: str, *, by_address: bool) -> list[UserId]:
        name = text.removeprefix("@").lower()
        if by_address and _is_address(text):
            owner = self.stores.users.credentials_of(read_email(name))
            return [] if owner is None else [owner.user_id]
        ids = list(self.stores.users.ids_of([name]).values())
        if words := words_of(text):
            longest = max(words, key=len)
            ids += self.stores.people.named([longest], MAX_FOUND)
            ids += self.stores.people.prefixed(longest, MAX_FOUND)
        return list(dict.fromkeys(ids))[:MAX_FOUND]

    def user(self, username: str) -> User:
        """Find a member by username; two queries.

        Raises:
            NotFoundError: There is no such user.
        """
        user_id = self.stores.users.ids_of([username]).get(username)
        found = {} if user_id is None else self.stores.users.get_many([user_id])
        if user_id is None or user_id not in found:
            raise NotFoundError(
                lazy_gettext("There is no user %(username)s.", username=username)
            )
        return found[user_id]

    def facts(self, username: str) -> MemberFacts:
        """Return what is known about a member; thirteen queries, or fourteen.

        Raises:
            NotFoundError: There is no such user.
        """
        user = self.user(username)
        mailbox = self.stores.credentials.mailbox(user.id)
        owner = self.stores.users.credentials_of(user.username)
        home = self.homes.find(user.id)
        now = at(self.clock())
        sessions = self.stores.sessions.of_user(user.id)
        about = AuditQuery(subject=f"@{user.username}", limit=_LOGGED)
        current = [s for s in sessions if not s.expires_at or s.expires_at > now]
        came = self.invitations.of_user(user.id)
        made = self.invitations.of_creator(user.id, _INVITATIONS)
        invited = self.invitations.invited_by([each.code for each in made])
        ids = [each.user_id for each in invited[:_INVITED]]
        people = self.stores.users.get_many(ids + ([came.inviter_id] if came else []))
        return MemberFacts(
            user=user,
            is_confirmed=mailbox and mailbox.confirmed_at is not None,
            mail_problem=mailbox.problem if mailbox else "",
            last_active_at=home and home.last_read_at,
            session_count=len(current),
            last_session_at=max((s.created_at for s in current), default=None),
            invited_by=people.get(came.inviter_id) if came else None,
            came_by_invitation=came is not None,
            invitations_count=len(made),
            invited=tuple(people[i] for i in ids if i in people),
            token_count=len(self.stores.tokens.of_user(user.id)),
            stored_bytes=self.attachments.bytes_of(user.id),
            has_two_factor=bool(owner and owner.two_factor_mark),
            closure=self.stores.closures.find(user.id) if user.is_suspended else None,
            log=self.audit_log.page(about),
        )

    def email_address(self, viewer: Viewer, username: str) -> str:
        """Return a member's email address; that it was read is recorded.

        Raises:
            NotFoundError: There is no such user, or no address.
            ForbiddenError: The viewer may not see it.
        """
        order = self.staff.order(viewer, Permission.SEE_EMAIL_ADDRESSES, "")
        user = self.user(username)
        mailbox = self.stores.credentials.mailbox(user.id)
        if mailbox is None:
            raise NotFoundError(
                lazy_gettext("This account has no email address."), user_id=user.id
            )
        self.moderation.record(order, Action.SEE_EMAIL, user.id)
        return mailbox.email

    def note(self, user_id: UserId, order: Order) -> None:
        """Add a note about a member for other staff: an entry of the audit log.

        Raises:
            InvalidError: It is empty or too long.
        """
        if not order.reason.strip():
            raise InvalidError(
                lazy_gettext("The note is empty."),
                {"reason": lazy_gettext("Write a note.")},
            )
        self.moderation.record(order, Action.NOTE_USER, user_id)


def _is_address(text: str) -> bool:
    return "@" in text.removeprefix("@")
