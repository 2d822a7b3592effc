"""The forms of our own pages: one schema each, unknown fields refused.

Names and lengths that have a rule of their own (usernames, passwords, the text of a
post) are checked where the rule is, in `kwip.domain`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import fields, validate

from kwip.domain.ids import PostId
from kwip.domain.posts import Draft, Visibility
from kwip.domain.users import READ, WRITE
from kwip.schemas.body import Id, StrictSchema, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

_LINE_MAX = 256
_REQUIRED = {"required": "Fill this in."}


def line(max_chars: int = _LINE_MAX) -> Text:
    """Declare a text field that must be sent."""
    return Text(required=True, max_chars=max_chars, error_messages=_REQUIRED)


class SignUpForm(StrictSchema[dict[str, str]]):
    """What a new user says: the fields of `SignUp`, by their names."""

    username = line()
    email = line()
    password = line()
    display_name = Text(load_default="", max_chars=_LINE_MAX)

    def make(self, **values: str) -> dict[str, str]:
        """Return the fields by name."""
        return values


class SignInForm(StrictSchema[dict[str, str]]):
    """A username or e-mail address as `login`, a `password`, where to go `next`."""

    login = line()
    password = line()
    next = Text(load_default="", max_chars=2_000)

    def make(self, **values: str) -> dict[str, str]:
        """Return the fields by name."""
        return values


class ComposeForm(StrictSchema[Draft]):
    """A new post: `text`, `visibility`, `in_reply_to_id`, `idempotency_key`."""

    text = line(max_chars=20_000)
    visibility = fields.Enum(Visibility, by_value=True, load_default=Visibility.PUBLIC)
    in_reply_to_id = Id(load_default=None)
    idempotency_key = line()

    def make(
        self,
        *,
        text: str,
        visibility: Visibility,
        in_reply_to_id: int | None,
        idempotency_key: str,
    ) -> Draft:
        """Build the draft."""
        return Draft(
            text=text,
            visibility=visibility,
            in_reply_to_id=None if in_reply_to_id is None else PostId(in_reply_to_id),
            source="web",
            idempotency_key=idempotency_key,
        )


class EditForm(StrictSchema[str]):
    """The new `text` of a post."""

    text = line(max_chars=20_000)

    def make(self, *, text: str) -> str:
        """Return the text."""
        return text


class ProfileForm(StrictSchema[dict[str, str]]):
    """`display_name` and `bio`; either may be empty."""

    display_name = line()
    bio = line(max_chars=5_000)

    def make(self, **values: str) -> dict[str, str]:
        """Return the fields by name."""
        return values


class TokenForm(StrictSchema[tuple[str, frozenset[str]]]):
    """A new personal token: its `name` and its `scopes[]`."""

    name = line(max_chars=60)
    scopes = fields.List(
        fields.String(validate=validate.OneOf([READ, WRITE])),
        required=True,
        validate=validate.Length(min=1, error="Choose at least one."),
        error_messages={"required": "Choose at least one."},
    )

    def make(self, *, name: str, scopes: Iterable[str]) -> tuple[str, frozenset[str]]:
        """Return the name and the set of scopes."""
        return name, frozenset(scopes)


class EmptyForm(StrictSchema[None]):
    """A button: nothing but the form token."""

    def make(self) -> None:
        """Return nothing."""
