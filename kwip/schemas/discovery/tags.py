"""Hashtags: Mastodon's Tag, and the parameters of hashtag timelines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marshmallow import fields, post_dump, validate

from kwip.domain.timelines.pages import PageRequest
from kwip.schemas.body import BodySchema, StrictSchema, Text
from kwip.schemas.dumping import DumpSchema, constant
from kwip.schemas.pages import PageFields
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.timelines.tags import FeaturedTagView, TagDay, TagView


#: The most hashtags of one mode, as in Mastodon.
MAX_TAGS = 4


class _Names(fields.List[Any]):
    """Some hashtags, or a single one outside a list; each by its folded name."""

    def __init__(self, mode: str):
        super().__init__(
            Text(),
            data_key=mode,
            load_default=list,
            validate=validate.Length(
                max=MAX_TAGS, error=lazy_gettext("Up to {max} at once.")
            ),
        )

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> list[Any]:
        several = value if isinstance(value, list) else [value]
        return super()._deserialize(several, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class TagsWanted:
    """A page, and the other hashtags that count, as they were written."""

    page: PageRequest
    any_of: tuple[str, ...]
    all_of: tuple[str, ...]
    none_of: tuple[str, ...]


class TagsQuery(PageFields, BodySchema[TagsWanted]):
    """A page of a hashtag's timeline as in `PageQuery`, and other hashtags.

    Posts must have that of the address or one of `any[]`, all of `all[]`, and none of
    `none[]`.
    """

    any_of = _Names("any")
    all_of = _Names("all")
    none_of = _Names("none")

    def make(
        self,
        *,
        any_of: list[str],
        all_of: list[str],
        none_of: list[str],
        **page: Any,
    ) -> TagsWanted:
        """Build the page, and the hashtags."""
        return TagsWanted(
            PageRequest(**page), tuple(any_of), tuple(all_of), tuple(none_of)
        )


def write_history(days: Iterable[TagDay]) -> list[dict[str, str]]:
    """Write how much something was used on each day, as texts."""
    return [
        {"day": str(day.begins_s), "uses": str(day.uses), "accounts": str(day.people)}
        for day in days
    ]


class FeaturedTagBody(BodySchema[str]):
    """Which hashtag to feature, as it is written."""

    name = Text(
        required=True,
        error_messages={"required": lazy_gettext("Enter a hashtag.")},
    )

    def make(self, *, name: str) -> str:
        """Return it."""
        return name


class FeaturedTagForm(StrictSchema[str], FeaturedTagBody):
    """The same from a page; the page's own form also says where it is."""

    next = Text(load_default="")

    def make(self, *, name: str, **_: object) -> str:
        """Return the hashtag as it is written."""
        return name


class FeaturedTagSchema(DumpSchema):
    """A `FeaturedTagView` as Mastodon's FeaturedTag; the last day is a date."""

    id = fields.String()
    name = fields.String()
    url = fields.Method("get_url")
    statuses_count = fields.String(attribute="posts_count")
    last_status_at = fields.Method("get_last_status_at")

    def get_url(self, tag: FeaturedTagView) -> str:
        """Return the address of the hashtag's page."""
        return self.urls.tag(tag.name)

    def get_last_status_at(self, tag: FeaturedTagView) -> str | None:
        """Return the day of the newest post."""
        return None if tag.last_post_at is None else f"{tag.last_post_at:%Y-%m-%d}"


class TagSchema(DumpSchema):
    """A `TagView` as Mastodon's Tag; its use is counted in searches and trends."""

    id = fields.String(attribute="name")
    name = fields.String()
    url = fields.Method("get_url")
    history = fields.Method("get_history")

    following = fields.Boolean(attribute="is_following")
    featuring = constant(value=False)

    def get_history(self, tag: TagView) -> list[dict[str, str]]:
        """Return its use on the latest days, as texts."""
        return write_history(tag.history)

    def get_url(self, tag: TagView) -> str:
        """Return the address of the hashtag's page."""
        return self.urls.tag(tag.name)

    @post_dump
    def _tell_viewer(self, tag: dict[str, Any], **_: object) -> dict[str, Any]:
        hidden = {"following", "featuring"} if not self.is_signed_in else set()
        return {key: value for key, value in tag.items() if key not in hidden}
