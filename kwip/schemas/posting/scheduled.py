"""Scheduled statuses: Mastodon's ScheduledStatus, and the times in bodies and forms."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import Schema, fields

from kwip.schemas.body import BodySchema
from kwip.schemas.dumping import DumpSchema, Instant
from kwip.schemas.posting.attachments import MediaAttachmentSchema
from kwip.text.dates import ZONE
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.media.attachments import Upload
    from kwip.domain.posting.drafts import SavedDraft
    from kwip.domain.posting.posts import Visibility
    from kwip.schemas.urls import Urls

#: The widest offset of a time zone, in minutes.
_WIDEST = 14 * 60


class ScheduledView(NamedTuple):
    """A scheduled post with its files."""

    draft: SavedDraft
    uploads: Sequence[Upload]


class Moment(fields.AwareDateTime):
    """A time in ISO 8601; without an offset it is UTC. Empty is none."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "invalid": lazy_gettext("This is not a time, such as 2026-04-30T14:19:05Z."),
    }

    def __init__(self, **options: Any):
        super().__init__(default_timezone=dt.UTC, **options)

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Read the time."""
        read = super().deserialize(value or None, *args, **kwargs)
        return read.astimezone(dt.UTC) if isinstance(read, dt.datetime) else read


class ScheduledAtBody(BodySchema["dt.datetime | None"]):
    """The part of a new status that says when it is posted; none is now."""

    scheduled_at = Moment(load_default=None, allow_none=True)

    def make(self, *, scheduled_at: dt.datetime | None) -> dt.datetime | None:
        """Return the time."""
        return scheduled_at


class RescheduleBody(BodySchema[dt.datetime]):
    """`scheduled_at`: when a status is posted."""

    scheduled_at = Moment(
        required=True,
        error_messages={
            "required": lazy_gettext("Send a time."),
            "null": lazy_gettext("Send a time."),
        },
    )

    def make(self, *, scheduled_at: dt.datetime) -> dt.datetime:
        """Return the time."""
        return scheduled_at


class WithTime(Schema):
    """Fields of a form that `TimeForm` reads."""

    scheduled_at = fields.Raw()
    utc_offset = fields.Raw()


class TimeForm(BodySchema[dt.datetime]):
    """When a kwip of a form is posted: a time in the zone that the viewer has set.

    Without a zone, it is a time of their device, which is `utc_offset` minutes ahead of
    UTC; a script fills that in.
    """

    scheduled_at = fields.NaiveDateTime(
        required=True,
        error_messages=dict.fromkeys(
            ("invalid", "required", "null"), lazy_gettext("Choose a date and a time.")
        ),
    )
    utc_offset = fields.Integer(load_default=0)

    def make(self, *, scheduled_at: dt.datetime, utc_offset: int) -> dt.datetime:
        """Return the time in UTC."""
        if ZONE.get() is not dt.UTC:
            return scheduled_at.replace(tzinfo=ZONE.get()).astimezone(dt.UTC)
        ahead = max(-_WIDEST, min(_WIDEST, utc_offset))
        return scheduled_at.replace(tzinfo=dt.UTC) - dt.timedelta(minutes=ahead)


class ScheduledStatusSchema(DumpSchema):
    """A `ScheduledView` as Mastodon's ScheduledStatus."""

    id = fields.String(attribute="draft.id")
    scheduled_at = Instant(attribute="draft.scheduled_at")
    params = fields.Method("get_params")
    media_attachments = fields.Method("get_media")

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._media = MediaAttachmentSchema(urls, is_signed_in=is_signed_in)

    def get_params(self, view: ScheduledView) -> dict[str, object]:
        """Return what will be posted, in the words of the request."""
        content = view.draft.content
        poll = content.poll
        ids = [str(i) for i in content.attachment_ids]
        parent = content.in_reply_to_id
        return {
            "text": content.text,
            "spoiler_text": content.warning,
            "sensitive": content.is_sensitive,
            "visibility": _word(content.visibility),
            "language": content.language,
            "in_reply_to_id": None if parent is None else str(parent),
            "media_ids": ids or None,
            "poll": poll
            and {
                "options": list(poll.titles),
                "expires_in": poll.duration_s,
                "multiple": poll.is_multiple,
                "hide_totals": poll.hides_totals,
            },
            "quoted_status_id": content.quote_of_id and str(content.quote_of_id),
            "scheduled_at": None,
            "idempotency": None,
            "application_id": None,
            "with_rate_limit": False,
        }

    def get_media(self, view: ScheduledView) -> object:
        """Return the files, in order."""
        return self._media.dump(view.uploads, many=True)


def _word(visibility: Visibility) -> str:
    return {"followers": "private"}.get(visibility.value, visibility.value)
