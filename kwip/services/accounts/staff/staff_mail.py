"""Mail to staff about reports, appeals and requests to join, for those who want it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.members import MemberQuery, MemberState
from kwip.domain.accounts.roles import STAFF, Permission, may
from kwip.domain.mail.mails import MailKind
from kwip.domain.mail.preferences import StaffTopic

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.mail.mails import Mail
    from kwip.services.accounts.notices import Notices
    from kwip.store.accounts.members import MemberStore
    from kwip.store.mail.preferences import MailPreferenceStore


#: What a mail is about, and who has to do with that.
_TOPICS = {
    MailKind.NEW_REPORT: (StaffTopic.REPORTS, Permission.SEE_REPORTS),
    MailKind.NEW_APPEAL: (StaffTopic.REPORTS, Permission.SEE_REPORTS),
    MailKind.NEW_APPLICATION: (StaffTopic.APPLICATIONS, Permission.REVIEW_SIGN_UPS),
}


@dataclass(frozen=True, slots=True)
class StaffMail:
    """Write to each member of staff who has not turned it off."""

    members: MemberStore
    preferences: MailPreferenceStore
    notices: Notices

    def wants(self, viewer: Viewer) -> frozenset[StaffTopic]:
        """Return what the viewer gets mail about; a query for each topic."""
        return frozenset(
            topic
            for topic in StaffTopic
            if not self.preferences.without(topic, [viewer.id])
        )

    def choose(self, viewer: Viewer, wanted: Collection[StaffTopic]) -> None:
        """Choose what the viewer gets mail about."""
        self.preferences.choose_topics(viewer.id, wanted)

    def drafts(
        self, kind: MailKind, details: Mapping[str, str], but: Collection[UserId] = ()
    ) -> list[Mail]:
        """Make the mails, yet to be stored; a few queries for each recipient."""
        topic, permission = _TOPICS[kind]
        staff = [user for user in self._staff(permission) if user.id not in but]
        off = self.preferences.without(topic, [user.id for user in staff])
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

    def _staff(self, permission: Permission) -> list[User]:
        roles = [role for role in STAFF if may(role, permission)]
        asked = (MemberQuery(role=role, state=MemberState.ACTIVE) for role in roles)
        return [user for each in asked for user in self.members.page(each)]
