"""Mail to moderators about new reports and appeals, for those who want it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.members import MemberQuery, MemberState
from kwip.domain.accounts.roles import STAFF, Permission, may

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.mail.mails import Mail, MailKind
    from kwip.services.accounts.notices import Notices
    from kwip.store.accounts.members import MemberStore
    from kwip.store.mail.preferences import MailPreferenceStore


@dataclass(frozen=True, slots=True)
class StaffMail:
    """Write to each moderator who has not turned it off."""

    members: MemberStore
    preferences: MailPreferenceStore
    notices: Notices

    def wants(self, viewer: Viewer) -> bool:
        """Return whether the viewer gets mail about reports."""
        return not self.preferences.without_reports([viewer.id])

    def choose(self, viewer: Viewer, *, wants: bool) -> None:
        """Turn the viewer's mail about reports on or off."""
        self.preferences.set_reports(viewer.id, wants=wants)

    def drafts(
        self, kind: MailKind, details: Mapping[str, str], but: Collection[UserId]
    ) -> list[Mail]:
        """Make the mails, yet to be stored; a few queries for each moderator."""
        staff = [user for user in self._staff() if user.id not in but]
        off = self.preferences.without_reports([user.id for user in staff])
        made = [
            self.notices.draft(kind, user.username, details)
            for user in staff
            if user.id not in off
        ]
        return [mail for mail in made if mail is not None]

    def add(self, mails: Collection[Mail], session: Any) -> None:
        """Store the mails in the transaction of what they are about."""
        for mail in mails:
            self.notices.add(mail, session)

    def hurry(self, mails: Collection[Mail]) -> None:
        """Have the mails sent after that transaction."""
        for mail in mails:
            self.notices.hurry(mail)

    def _staff(self) -> list[User]:
        roles = [role for role in STAFF if may(role, Permission.SEE_REPORTS)]
        asked = (MemberQuery(role=role, state=MemberState.ACTIVE) for role in roles)
        return [user for each in asked for user in self.members.page(each)]
