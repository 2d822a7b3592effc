"""Search: its parameters, and the result as Mastodon's Search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marshmallow import fields, validate

from kwip.schemas.body import BodySchema, Text
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.schemas.urls import Urls

_KINDS = ("accounts", "hashtags", "statuses")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to search for; `kind` is empty for everything."""

    text: str
    kind: str
    offset: int


class SearchQuery(BodySchema[Search]):
    """`q`, `type` and `offset`; there is never more than one account."""

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

    def make(self, *, q: str, type: str, offset: int) -> Search:  # noqa: A002 - its name
        """Build the search."""
        return Search(text=q, kind=type, offset=offset)


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
