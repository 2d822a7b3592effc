"""The forms that pages of every kind have: their buttons, and the way back.

The forms of one subject are in its package. What a service checks (lengths, taken
names) is not repeated in forms; they only read the fields, and reject unknown ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import fields, validate

from kwip.domain.social.relationships import MuteTerms
from kwip.schemas.body import Id, StrictSchema, Text
from kwip.schemas.posting.polls import WithVotes
from kwip.text.translation import lazy_gettext


@dataclass(frozen=True, slots=True)
class Way:
    """Where to go back to, and the entry that the page scrolls to there."""

    address: str
    place_id: int | None


class ReactForm(WithVotes, StrictSchema[Way]):
    """The page's one form; a repost's button says which entry it is in."""

    next = Text(load_default="")
    place_id = Id(load_default=None)

    def make(self, *, next: str, place_id: int | None, **_: object) -> Way:  # noqa: A002 - the field's name
        """Build the value."""
        return Way(next, place_id)


class ActForm(WithVotes, StrictSchema[str]):
    """The page's one form, which its buttons share: where to go back to."""

    next = Text(load_default="")

    def make(self, *, next: str, **_: object) -> str:  # noqa: A002 - the field's name
        """Return the address."""
        return next


@dataclass(frozen=True, slots=True)
class MuteInput:
    """Where to go back to, and how to mute."""

    address: str
    terms: MuteTerms


@dataclass(frozen=True, slots=True)
class NoteInput:
    """Where to go back to, and a note."""

    address: str
    text: str


class NoteForm(WithVotes, StrictSchema[NoteInput]):
    """A private note about a person."""

    next = Text(load_default="")
    comment = Text(load_default="")

    def make(self, *, next: str, comment: str, **_: object) -> NoteInput:  # noqa: A002 - the field's name
        """Build the value."""
        return NoteInput(next, comment)


#: How long one can mute on pages, in seconds.
MUTE_CHOICES = ("0", "3600", "86400", "604800", "2592000")


class MuteForm(WithVotes, StrictSchema[MuteInput]):
    """The terms of a mute; the page's one form sends none, for a mute without end."""

    next = Text(load_default="")
    duration = fields.String(
        load_default="0",
        validate=validate.OneOf(
            MUTE_CHOICES, error=lazy_gettext("Choose one of the options.")
        ),
    )
    notifications = fields.String(
        load_default="hide",
        validate=validate.OneOf(
            ("hide", "show"), error=lazy_gettext("Choose one of the options.")
        ),
    )

    def make(
        self,
        *,
        next: str,  # noqa: A002 - the field's name
        duration: str,
        notifications: str,
        **_: object,
    ) -> MuteInput:
        """Build the value."""
        return MuteInput(next, MuteTerms(int(duration), notifications == "hide"))
