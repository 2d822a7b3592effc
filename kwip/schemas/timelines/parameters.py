"""Parameters that several kinds of widgets have."""

from __future__ import annotations

from marshmallow import fields, validate

from kwip.domain.timelines.pages import DEFAULT_LIMIT, MAX_LIMIT
from kwip.schemas.body import Text
from kwip.text.translation import LANGUAGES, lazy_gettext

ONE_OF = lazy_gettext("Must be one of: {choices}.")
#: Without a choice the reader's device decides.
THEMES = ("auto", "light", "dark")


def number(
    default: int | None, least: int, most: int, *, name: str | None = None
) -> fields.Integer:
    """A number in a range; others are rejected."""
    return fields.Integer(
        load_default=default,
        data_key=name,
        validate=validate.Range(
            least, most, error=lazy_gettext("Must be a number from {min} to {max}.")
        ),
    )


def limit(default: int = DEFAULT_LIMIT) -> fields.Integer:
    """How many posts, from 1 to 40."""
    return number(default, 1, MAX_LIMIT)


def one_of(*choices: str) -> fields.String:
    """One of some words; the first is the default."""
    return fields.String(
        load_default=choices[0], validate=validate.OneOf(choices, error=ONE_OF)
    )


def theme() -> fields.String:
    """The look."""
    return one_of(*THEMES)


def language() -> fields.String:
    """The language of our own texts; without one it is the site's."""
    return fields.String(
        load_default="", validate=validate.OneOf([*LANGUAGES], error=ONE_OF)
    )


def flag(*, default: bool, name: str | None = None) -> fields.Boolean:
    """True or false."""
    return fields.Boolean(
        load_default=default,
        data_key=name,
        error_messages={"invalid": lazy_gettext("Must be true or false.")},
    )


def words() -> Text:
    """What to search for: `q`."""
    return Text(
        required=True,
        data_key="q",
        error_messages={"required": lazy_gettext("Enter something to search for.")},
    )
