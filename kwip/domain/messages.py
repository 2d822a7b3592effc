"""Texts for people that are made where nobody knows their language.

A rule, a service or a store says what is wrong with a `Message`. Whoever shows it calls
`str`, which looks it up in the reader's language. As a string, in logs and in MongoDB,
it is English.
"""

from __future__ import annotations

from contextvars import ContextVar
from gettext import NullTranslations
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The texts of whoever reads what is written now: English, until somebody says whose.
CATALOGUE: ContextVar[NullTranslations] = ContextVar(
    "catalogue",
    default=NullTranslations(),  # noqa: B039 -- it has no state
)


class Message(str):
    """A text that is written in the reader's language each time it is shown.

    `template` is what translators see, with `%(name)s` for each of the `values`; `many`
    is its plural, chosen by the value `num`.
    """

    __slots__ = ("many", "template", "values")
    template: str
    many: str
    values: Mapping[str, object]

    def __new__(
        cls, template: str, values: Mapping[str, object], many: str = ""
    ) -> Self:
        """Make a message, in English as a string."""
        text = many if many and values["num"] != 1 else template
        message = super().__new__(cls, text % _in_english(values) if values else text)
        message.template, message.many, message.values = template, many, values
        return message

    def __reduce__(self) -> tuple[type[Message], tuple[object, ...]]:
        """Say how a copy is made."""
        return Message, self.parts

    def __str__(self) -> str:
        """Write it in the reader's language."""
        catalogue, values = CATALOGUE.get(), self.values
        if self.many:
            num = values["num"]
            assert isinstance(num, int)  # noqa: S101 -- as `lazy_ngettext` says
            text = catalogue.ngettext(self.template, self.many, num)
        else:
            text = catalogue.gettext(self.template)
        return text % values if values else text

    @property
    def parts(self) -> tuple[str, Mapping[str, object], str]:
        """What another process makes the same message of; for JSON."""
        return self.template, self.values, self.many

    @classmethod
    def of(cls, parts: tuple[str, Mapping[str, object], str]) -> Self:
        """Make a message of its parts."""
        return cls(*parts)

    def format(self, *args: object, **values: object) -> str:
        """Write it in the reader's language, then fill in its `{name}`."""
        return str(self).format(*args, **values)


def lazy_gettext(message: str, **values: object) -> Message:
    """Mark a text; a percent sign of a text with values is `%%`."""
    return Message(message, values)


def lazy_ngettext(one: str, many: str, num: int, **values: object) -> Message:
    """Mark a text with a number; `%(num)s` is the number."""
    return Message(one, {"num": num} | values, many)


def _in_english(values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: str.__str__(value) if isinstance(value, str) else value
        for name, value in values.items()
    }
