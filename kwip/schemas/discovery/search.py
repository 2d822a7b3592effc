"""Search: its parameters, and the names and addresses in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from kwip.domain.ids import PostId, parse_id
from kwip.domain.social.keyword_filters import FilterContext, Filtering
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.search import SearchRequest, named_kind
from kwip.schemas.body import BodySchema, Flag, Text
from kwip.schemas.pages import PageFields
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.schemas.urls import Urls

_KINDS = ("accounts", "hashtags", "statuses")
_ONE_OF = lazy_gettext("Must be one of: accounts, hashtags, statuses.")


class SearchQuery(PageFields, BodySchema[SearchRequest]):
    """`q`, `type`, `following`, `offset`, and a page as in `PageQuery`.

    `resolve` is accepted: there are no other servers, and addresses of this site are
    always looked up.
    """

    q = Text(
        required=True,
        error_messages={"required": lazy_gettext("Enter something to search for.")},
    )
    type = fields.String(
        load_default="", validate=validate.OneOf(("", *_KINDS), error=_ONE_OF)
    )
    following = Flag(load_default=False)
    offset = fields.Integer(
        load_default=0,
        error_messages={"invalid": lazy_gettext("This is not a number.")},
    )

    def __init__(self, urls: Urls):
        super().__init__()
        self._urls = urls

    def make(self, **values: Any) -> SearchRequest:
        """Build the search."""
        text, kind = values.pop("q").strip(), values.pop("type")
        only_followed, offset = values.pop("following"), max(0, values.pop("offset"))
        return SearchRequest(
            text=text,
            kind=kind,
            name=None if text.startswith("#") else username_in(text, self._urls),
            post_id=post_id_in(text, self._urls),
            only_followed=only_followed,
            offset=offset,
            page=PageRequest(**values),
        )


class SearchPageQuery(SearchQuery):
    """The same for a page of ours; without `q` it only explains the search.

    A single `@name` is looked for among people and a `#tag` among hashtags, unless
    `type` says statuses; other texts among statuses, unless `type` says otherwise.
    """

    q = Text(load_default="")

    def make(self, **values: Any) -> SearchRequest:
        """Build the search of one kind."""
        asked = super().make(**values)
        filtering = Filtering(context=FilterContext.PUBLIC)
        asked = replace(asked, page=replace(asked.page, filtering=filtering))
        if asked.kind == "statuses":
            return asked
        return replace(asked, kind=named_kind(asked.text) or asked.kind or "statuses")


class SuggestionsQuery(SearchQuery):
    """The same for suggestions while somebody writes, of one kind."""

    type = fields.String(
        required=True,
        validate=validate.OneOf(
            ("accounts", "hashtags", "emojis"),
            error=lazy_gettext("Must be one of: accounts, hashtags, emojis."),
        ),
    )


class LookupQuery(BodySchema[str]):
    """Whose account: `name`, `@name` or `name@host`."""

    acct = Text(required=True)

    def make(self, *, acct: str) -> str:
        """Return the name as given."""
        return acct


def username_in(text: str, urls: Urls) -> str | None:
    """Return the username in `name`, `@name`, `name@host` or the address of a page.

    None for accounts on other servers.
    """
    name = text.strip().removeprefix(f"{urls.origin}/").removeprefix("@")
    name, _, host = name.partition("@")
    return name if host.lower() in {"", urls.host.lower()} else None


def post_id_in(text: str, urls: Urls) -> PostId | None:
    """Return the id of the post whose page has this address, None for other texts."""
    path = text.removeprefix(f"{urls.origin}/@")
    found = parse_id(path.partition("/")[2]) if path != text else None
    return None if found is None else PostId(found)
