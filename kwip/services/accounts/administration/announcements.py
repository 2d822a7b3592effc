"""Announcements: what administrators tell members, and who has dismissed it.

Every process remembers those that are published, so showing them costs nothing. What a
member has dismissed is part of the member, who is read with every page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.accounts.audit_log import Action
from kwip.domain.administration.announcements import (
    MAX_PUBLISHED,
    Announcement,
    AnnouncementState,
    AnnouncementView,
)
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.text.announcements import cleaned_announcement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.administration.announcements import TypedAnnouncement
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.coherence.fence import Fence
    from kwip.services.coherence.site_memory import SiteMemory
    from kwip.store.administration.announcements import AnnouncementStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcements:
    """Show announcements to members, and change them by the order of somebody.

    A change is acknowledged when every process shows it: about 2.4 s.
    """

    store: AnnouncementStore
    memory: SiteMemory[tuple[Announcement, ...]]
    audit_log: AuditLog
    fence: Fence
    ids: IdGenerator
    clock: ClockMs

    def shown(self) -> tuple[Announcement, ...]:
        """Return those that are shown now, the newest first. No I/O, as `Site`."""
        known = self.memory.current()
        if not known:
            return ()
        now, shown = at(self.clock()), AnnouncementState.SHOWN
        return tuple(each for each in known if each.state(now) is shown)

    def key(self) -> str:
        """Name what is shown now, for the keys of cached pages."""
        return " ".join(f"{each.id}.{each.version}" for each in self.shown())

    def views(self, member: User) -> list[AnnouncementView]:
        """Return what is shown now, and whether a member has dismissed it."""
        dismissed = member.dismissed_ids
        return [AnnouncementView(a, a.id in dismissed) for a in self.shown()]

    def dismiss(self, viewer: Viewer, announcement_id: int) -> None:
        """Show an announcement no more to the viewer.

        Raises:
            NotFoundError: There is no such announcement.
        """
        if announcement_id not in {each.id for each in self.shown()}:
            raise NotFoundError(
                lazy_gettext("There is no such announcement."), id=announcement_id
            )
        self.store.dismiss(viewer.id, announcement_id)
        self.fence.invalidate(
            invalidation_rules.dismiss_announcement(user_id=viewer.id)
        )

    def newest(self, limit: int = 100) -> Sequence[Announcement]:
        """Return all of them for staff, the newest first."""
        return self.store.newest(limit)

    def get(self, announcement_id: int) -> Announcement:
        """Return an announcement for staff.

        Raises:
            NotFoundError: There is none.
        """
        found = self.store.find(announcement_id)
        if found is None:
            raise NotFoundError(
                lazy_gettext("There is no such announcement."), id=announcement_id
            )
        return found

    def state(self, announcement: Announcement) -> AnnouncementState:
        """Return where an announcement stands now."""
        return announcement.state(at(self.clock()))

    def add(
        self, typed: TypedAnnouncement, order: Order, *, is_published: bool
    ) -> Announcement:
        """Add an announcement; as a draft, unless it is to be published.

        Raises:
            InvalidError: The text or a time cannot be used, or the reason.
            ConflictError: Too many are published.
        """
        text, starts_at, ends_at = cleaned_announcement(typed)
        made = Announcement(
            id=self.ids.next_id(self.ids.random_slot()),
            text=text,
            starts_at=starts_at,
            ends_at=ends_at,
            updated_at=at(self.clock()),
        )
        if is_published:
            made = self._published(made)
        return self._save(made, order, Action.ADD_ANNOUNCEMENT)

    def edit(
        self, announcement_id: int, typed: TypedAnnouncement, version: int, order: Order
    ) -> Announcement:
        """Change an announcement of a version.

        Members who have dismissed it do not see it again.

        Raises:
            NotFoundError: There is none.
            InvalidError: The text or a time cannot be used, or the reason.
            ConflictError: Someone else has changed it, or too many are published.
        """
        known = self.get(announcement_id)
        if known.version != version:
            raise ConflictError(
                lazy_gettext(
                    "Someone else changed this announcement meanwhile. Check it "
                    "and try again."
                )
            )
        text, starts_at, ends_at = cleaned_announcement(typed)
        changed = replace(
            known,
            text=text,
            starts_at=starts_at,
            ends_at=ends_at,
            version=version + 1,
        )
        if known.published_at is not None:
            self._require_room(changed)
        return self._save(changed, order, Action.EDIT_ANNOUNCEMENT)

    def publish(self, announcement_id: int, order: Order) -> Announcement:
        """Publish a draft: it is shown from its start on.

        Raises:
            NotFoundError: There is none.
            InvalidError: It has ended, or the reason cannot be used.
            ConflictError: It is published already, or too many are.
        """
        known = self.get(announcement_id)
        if known.published_at is not None:
            raise ConflictError(lazy_gettext("This announcement is published already."))
        made = replace(self._published(known), version=known.version + 1)
        return self._save(made, order, Action.PUBLISH_ANNOUNCEMENT)

    def end(self, announcement_id: int, order: Order) -> Announcement:
        """Show an announcement no more.

        Raises:
            NotFoundError: There is none.
            InvalidError: The reason cannot be used.
            ConflictError: It is not published, or has ended.
        """
        known, now = self.get(announcement_id), at(self.clock())
        if known.state(now) in {AnnouncementState.DRAFT, AnnouncementState.ENDED}:
            raise ConflictError(lazy_gettext("This announcement isn't shown."))
        started_at = known.starts_at and min(known.starts_at, now)
        ended = replace(
            known, starts_at=started_at, ends_at=now, version=known.version + 1
        )
        return self._save(ended, order, Action.END_ANNOUNCEMENT)

    def remove(self, announcement_id: int, order: Order) -> None:
        """Delete an announcement.

        Raises:
            NotFoundError: There is none.
            InvalidError: The reason cannot be used.
        """
        found = self.get(announcement_id)
        entry = self._entry(found, order, Action.REMOVE_ANNOUNCEMENT)
        if self.store.remove(announcement_id, entry):
            self.memory.changed()

    def _published(self, draft: Announcement) -> Announcement:
        made = replace(draft, published_at=at(self.clock()))
        if self.state(made) is AnnouncementState.ENDED:
            message = lazy_gettext("This time is over.")
            raise InvalidError(
                lazy_gettext("The announcement was not saved."), {"ends_at": message}
            )
        self._require_room(made)
        return made

    def _require_room(self, announcement: Announcement) -> None:
        others = self.store.published(at(self.clock()))
        if sum(each.id != announcement.id for each in others) >= MAX_PUBLISHED:
            raise ConflictError(
                lazy_gettext(
                    "%(number)s announcements are published. End one of them first.",
                    number=MAX_PUBLISHED,
                )
            )

    def _save(self, made: Announcement, order: Order, action: Action) -> Announcement:
        saved = replace(made, updated_at=at(self.clock()))
        self.store.save(saved, self._entry(saved, order, action))
        self.memory.changed()
        return saved

    def _entry(
        self, about: Announcement, order: Order, action: Action
    ) -> Callable[[Any], None]:
        first = about.text.splitlines()[0][:80]
        return self.audit_log.entry(
            order, action, f"announcement {about.id}", {"text": first}
        )
