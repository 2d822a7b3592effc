"""What the address of an embedded page may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields, validate

from kwip.domain.timelines.pages import MAX_LIMIT, PageRequest
from kwip.schemas.body import StrictSchema
from kwip.text.translation import lazy_gettext

#: Without a choice the reader's device decides.
THEMES = ("auto", "light", "dark")
#: A frame is small, and so is its page.
EMBED_LIMIT = 10
_YES_OR_NO = {"invalid": lazy_gettext("Must be true or false.")}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedTimeline:
    """Which part of a timeline a page has; of a user, whether with replies, reposts."""

    page: PageRequest
    replies: bool = True
    reposts: bool = True


def _theme() -> fields.String:
    """The look of a page, which its layout reads from the address."""
    return fields.String(
        load_default="auto",
        validate=validate.OneOf(
            THEMES, error=lazy_gettext("Must be one of: {choices}.")
        ),
    )


class EmbedQuery(StrictSchema[None]):
    """`theme`: `auto`, `light` or `dark`; all others are rejected."""

    theme = _theme()

    def make(self, *, theme: str) -> None:
        """Return nothing."""


class EmbeddedTimelineQuery(StrictSchema[EmbeddedTimeline]):
    """`theme` and `limit` (1 to 40 kwips); all others are rejected."""

    theme = _theme()
    limit = fields.Integer(
        load_default=EMBED_LIMIT,
        validate=validate.Range(
            1, MAX_LIMIT, error=lazy_gettext("Must be a number from 1 to {max}.")
        ),
    )

    def make(
        self,
        *,
        theme: str,  # noqa: ARG002 - the layout reads it
        limit: int,
        replies: bool = True,
        reposts: bool = True,
    ) -> EmbeddedTimeline:
        """Build what is asked for."""
        page = PageRequest(limit=limit)
        return EmbeddedTimeline(page=page, replies=replies, reposts=reposts)


class EmbeddedUserQuery(EmbeddedTimelineQuery):
    """The same, and `replies` and `reposts`."""

    replies = fields.Boolean(load_default=False, error_messages={**_YES_OR_NO})
    reposts = fields.Boolean(load_default=True, error_messages={**_YES_OR_NO})
