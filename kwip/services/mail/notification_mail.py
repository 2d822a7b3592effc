"""Mail about notifications: which ones users want, how often, and how that ends.

What they want on devices and on pages is stored with it.

Nobody is looked at who has not chosen any. The others are due at times of their own; a
job then reads what is unread, and if there is anything, stores a mail in the
transaction that notes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.errors import NotFoundError
from kwip.domain.ids import UserId, first_id_at, parse_id
from kwip.domain.mail.mails import MailKind
from kwip.domain.mail.preferences import PAUSES, MailPreferences
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.notifications import Selection

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.services.coherence.fence import Fence
    from kwip.services.mail.digests import Digests
    from kwip.services.mail.mails import Mails
    from kwip.services.reading.stores import Stores
    from kwip.store.mail.preferences import MailPreferenceStore


@dataclass(frozen=True, slots=True)
class NotificationMail:
    """Choose, send and end mail about notifications."""

    store: MailPreferenceStore
    stores: Stores
    mails: Mails
    digests: Digests
    fence: Fence
    clock: ClockMs

    def chosen(self, viewer: Viewer) -> MailPreferences:
        """Return what the viewer gets by mail; one query."""
        return self.store.find(viewer.id)

    def choose(self, viewer: Viewer, wanted: MailPreferences) -> None:
        """Save what the viewer wants; older notifications are not mailed."""
        before = self.store.find(viewer.id)
        begins = first_id_at(self.clock())
        mailed_id = 0 if before.kinds else begins
        due_at = at(self.clock()) + PAUSES[wanted.frequency] if wanted.kinds else None
        self.store.save(viewer.id, replace(wanted, mailed_id=mailed_id), due_at)
        if wanted.hidden_kinds != before.hidden_kinds:
            self.fence.invalidate(invalidation_rules.dismiss(user_id=viewer.id))

    def owner_of(self, key: str) -> UserId:
        """Return whose link to unsubscribe it is.

        Raises:
            NotFoundError: We never sent it.
        """
        user, _, signature = key.partition(".")
        user_id = parse_id(user)
        signed = f"unsubscribe {user_id}"
        if user_id is None or not self.mails.signer.is_from_mail(signed, signature):
            raise NotFoundError(
                lazy_gettext("This link is incomplete. Open it from the email.")
            )
        return UserId(user_id)

    def unsubscribe(self, key: str) -> None:
        """End all mail about notifications; may be done again.

        Raises:
            NotFoundError: We never sent the link.
        """
        user_id = self.owner_of(key)
        chosen = self.store.find(user_id)
        if chosen.kinds:
            self.store.save(user_id, replace(chosen, kinds=frozenset()), None)

    def settle(self, user_id: UserId) -> str:
        """Mail a user what is unread, if it is time; return the outcome of the job."""
        chosen, now = self.store.find(user_id), at(self.clock())
        if not chosen.kinds:
            return "nothing"
        due_at = now + PAUSES[chosen.frequency]
        user = self.stores.users.get_many([user_id]).get(user_id)
        box = self.stores.credentials.mailbox(user_id)
        is_reached = box is not None and box.confirmed_at and not box.problem
        if user is None or user.is_suspended or box is None or not is_reached:
            self.store.postpone(user_id, due_at)
            return "nothing"
        views = self.digests.unread(
            user_id, user.username, chosen.mailed_id, Selection(chosen.kinds)
        )
        if not views:
            self.store.postpone(user_id, due_at)
            return "nothing"
        newest = views[0].id
        details = {
            "above": str(chosen.mailed_id),
            "until": str(newest),
            "kinds": " ".join(sorted(chosen.kinds)),
        }
        mail = self.mails.draft(MailKind.NOTIFICATIONS, user_id, box.email, details)
        also = partial(self.mails.store.add, mail, now)
        if not self.store.advance(user_id, chosen.mailed_id, newest, due_at, also):
            return "nothing"
        self.mails.hurry(mail)
        return "done"
