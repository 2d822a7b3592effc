"""Suggestions: Mastodon's Suggestion, and the parameters of the directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marshmallow import fields, validate

from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.body import BodySchema
from kwip.schemas.discovery.trends import PartFields, part_of
from kwip.schemas.dumping import DumpSchema
from kwip.schemas.pages import Limit
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.timelines.pages import Part
    from kwip.domain.timelines.suggestions import DirectoryOrder, Suggestion
    from kwip.schemas.urls import Urls

#: As in Mastodon: the default, and the most.
DIRECTORY_DEFAULT, DIRECTORY_MAX = 40, 80
#: Mastodon's words for why somebody is suggested: the old one, and the new one.
_SOURCES = {
    "followed_by_followees": ("past_interactions", "friends_of_friends"),
    "popular": ("global", "most_followed"),
}
_ORDERS = ("active", "new", "random")


@dataclass(frozen=True, slots=True)
class Directory:
    """Which part of the directory, in which order."""

    order: DirectoryOrder
    part: Part


class DirectoryQuery(PartFields, BodySchema[Directory]):
    """`order`, `limit` and `offset`; everyone is local, so `local` changes nothing."""

    limit = Limit(DIRECTORY_DEFAULT, DIRECTORY_MAX)
    order = fields.String(
        load_default="active",
        validate=validate.OneOf(
            _ORDERS, error=lazy_gettext("Must be one of: active, new, random.")
        ),
    )

    def make(self, *, order: DirectoryOrder, limit: int, offset: int) -> Directory:
        """Build the request."""
        return Directory(order, part_of(limit, offset))


class SuggestionSchema(DumpSchema):
    """A `Suggestion` as Mastodon's."""

    source = fields.Function(lambda each: _SOURCES[each.reason][0])
    sources = fields.Function(lambda each: [_SOURCES[each.reason][1]])
    account = fields.Method("get_account")

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._accounts = AccountSchema(urls, is_signed_in=is_signed_in)

    def get_account(self, suggestion: Suggestion) -> object:
        """Return the person."""
        return self._accounts.dump(suggestion.view.user)
