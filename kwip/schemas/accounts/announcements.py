"""Announcements: the form of administrators, and Mastodon's Announcement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.domain.administration.announcements import (
    AnnouncementState,
    TypedAnnouncement,
)
from kwip.schemas.body import BodySchema, Flag, StrictSchema, Text, choice, line
from kwip.schemas.dumping import DumpSchema, Instant, constant
from kwip.schemas.markdown import page_html
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

STATE_NAMES: Mapping[AnnouncementState, str] = {
    AnnouncementState.DRAFT: lazy_gettext("Draft"),
    AnnouncementState.SCHEDULED: lazy_gettext("Scheduled"),
    AnnouncementState.SHOWN: lazy_gettext("Shown"),
    AnnouncementState.ENDED: lazy_gettext("Ended"),
}


@dataclass(frozen=True, slots=True)
class AnnouncementInput:
    """An announcement as typed, the button, the version shown, and why it changes."""

    typed: TypedAnnouncement
    act: str
    version: int
    reason: str


class AnnouncementForm(StrictSchema[AnnouncementInput]):
    """An announcement; the button says what happens with it."""

    text = Text(load_default="")
    starts_at = line(is_required=False)
    ends_at = line(is_required=False)
    version = fields.Integer(load_default=0)
    reason = Text(load_default="")
    act = choice("save", "publish", "preview")

    def make(
        self,
        *,
        text: str,
        starts_at: str,
        ends_at: str,
        version: int,
        reason: str,
        act: str,
    ) -> AnnouncementInput:
        """Build the value."""
        typed = TypedAnnouncement(text=text, starts_at=starts_at, ends_at=ends_at)
        return AnnouncementInput(typed, act, version, reason)


class AnnouncementsQuery(BodySchema[bool]):
    """Whether an app also wants what the viewer has dismissed."""

    with_dismissed = Flag(load_default=False)

    def make(self, *, with_dismissed: bool) -> bool:
        """Return it."""
        return with_dismissed


class AnnouncementSchema(DumpSchema):
    """An `AnnouncementView` as Mastodon's Announcement; Kwip has no reactions to it."""

    id = fields.Function(lambda view: str(view.announcement.id))
    content = fields.Function(lambda view: page_html(view.announcement.text))
    starts_at = Instant(attribute="announcement.starts_at")
    ends_at = Instant(attribute="announcement.ends_at")
    all_day = constant(value=False)
    published_at = Instant(attribute="announcement.published_at")
    updated_at = Instant(attribute="announcement.updated_at")
    read = fields.Boolean(attribute="is_dismissed")
    mentions = constant([])
    statuses = constant([])
    tags = constant([])
    emojis = constant([])
    reactions = constant([])
