"""What the address of an embedded page may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.pushdown import ALL_KINDS, Kinds
from kwip.schemas.body import StrictSchema
from kwip.schemas.timelines import parameters

#: A frame is small, and so is its page.
EMBED_LIMIT = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedTimeline:
    """Which part of a timeline a page has; of a user, which kinds of posts."""

    page: PageRequest
    kinds: Kinds = ALL_KINDS


class EmbedQuery(StrictSchema[None]):
    """`theme`: `auto`, `light` or `dark`; `lang`; all others are rejected."""

    theme = parameters.theme()
    lang = parameters.language()

    def make(self, *, theme: str, lang: str) -> None:
        """Return nothing: the layout reads them."""


class EmbeddedTimelineQuery(StrictSchema[EmbeddedTimeline]):
    """`theme`, `lang` and `limit` (1 to 40 kwips); all others are rejected."""

    theme = parameters.theme()
    lang = parameters.language()
    limit = parameters.limit(EMBED_LIMIT)

    def make(
        self,
        *,
        theme: str,  # noqa: ARG002 - the layout reads it
        lang: str,  # noqa: ARG002 - as is this
        limit: int,
        **kinds: bool,
    ) -> EmbeddedTimeline:
        """Build what is asked for."""
        return EmbeddedTimeline(page=PageRequest(limit=limit), kinds=Kinds(**kinds))


class EmbeddedUserQuery(EmbeddedTimelineQuery):
    """The same, and `replies` and `reposts`."""

    replies = parameters.flag(default=False)
    reposts = parameters.flag(default=True)
