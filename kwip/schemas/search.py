"""Search: its parameters, and the result as Mastodon's Search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from marshmallow import fields, validate

from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.search import SearchRequest
from kwip.schemas.body import BodySchema, Text
from kwip.schemas.pages import PageFields
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.schemas.urls import Urls

_KINDS = ("accounts", "hashtags", "statuses")


class SearchQuery(PageFields, BodySchema[SearchRequest]):
    """`q`, `type`, `offset`, and a page as in `PageQuery`."""

    q = Text(
        required=True,
        error_messages={"required": lazy_gettext("Enter something to search for.")},
    )
    type = fields.String(
        load_default="",
        validate=validate.OneOf(
            ("", *_KINDS),
            error=lazy_gettext("Must be one of: accounts, hashtags, statuses."),
        ),
    )
    offset = fields.Integer(
        load_default=0,
        error_messages={"invalid": lazy_gettext("This is not a number.")},
    )

    def make(
        self,
        *,
        q: str,
        type: Literal["", "accounts", "hashtags", "statuses"],  # noqa: A002 - its name
        offset: int,
        **page: Any,
    ) -> SearchRequest:
        """Build the search."""
        return SearchRequest(
            text=q, kind=type, offset=max(0, offset), page=PageRequest(**page)
        )


class SearchPageQuery(PageFields, BodySchema[SearchRequest]):
    """The same for a page of ours; without `q` it only explains the search."""

    q = Text(load_default="")
    type = fields.String(
        load_default="statuses",
        validate=validate.OneOf(
            _KINDS, error=lazy_gettext("Must be one of: {choices}.")
        ),
    )

    def make(
        self,
        *,
        q: str,
        type: Literal["accounts", "hashtags", "statuses"],  # noqa: A002 - its name
        **page: Any,
    ) -> SearchRequest:
        """Build the search."""
        return SearchRequest(text=q.strip(), kind=type, page=PageRequest(**page))


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
