"""What links on other sites ask people here to do: share something, follow somebody."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from kwip.domain.ids import PostId
from kwip.schemas.body import BodySchema, Id, Text
from kwip.text.translation import lazy_gettext

#: Addresses that are longer do not survive every server on their way.
TEXT_MAX, URL_MAX, NAME_MAX = 2_000, 1_000, 31
_SCHEMES = ("http://", "https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a new kwip begins with, and what it replies to."""

    text: str
    url: str
    parent_id: PostId | None

    @property
    def words(self) -> str:
        """The text of the kwip, with the address in a paragraph of its own."""
        return "\n\n".join(part for part in (self.text, self.url) if part)

    @property
    def query(self) -> str:
        """The same as a query, to come back to."""
        parent = "" if self.parent_id is None else str(self.parent_id)
        named = {"text": self.text, "url": self.url, "in_reply_to": parent}
        return urlencode({name: value for name, value in named.items() if value})


class ShareQuery(BodySchema[Share]):
    """`text`, `url` and `in_reply_to`; what other buttons add is skipped."""

    text = Text(load_default="", max_chars=TEXT_MAX)
    url = Text(load_default="", max_chars=URL_MAX)
    in_reply_to = Id(load_default=None, allow_none=True)

    def make(self, *, text: str, url: str, in_reply_to: int | None) -> Share:
        """Build it; an address that is no web page's is left out."""
        is_page = url.strip().lower().startswith(_SCHEMES)
        return Share(
            text=text.strip(),
            url=url.strip() if is_page else "",
            parent_id=None if in_reply_to is None else PostId(in_reply_to),
        )


class FollowQuery(BodySchema[str]):
    """`name`: whom to follow, with or without an @."""

    name = Text(
        required=True,
        max_chars=NAME_MAX,
        error_messages={"required": lazy_gettext("Enter a username.")},
    )

    def make(self, *, name: str) -> str:
        """Return the username in the form in which it is unique."""
        return name.strip().removeprefix("@").lower()
