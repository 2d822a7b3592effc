"""Appeals: the form in the settings, and the one behind the link in a mail."""

from __future__ import annotations

from dataclasses import dataclass

from kwip.schemas.body import StrictSchema, Text, line


@dataclass(frozen=True, slots=True)
class LinkedAppeal:
    """An appeal, and the link that allows it."""

    link: str
    text: str


class AppealForm(StrictSchema[str]):
    """Why a decision should be changed."""

    text = Text(load_default="")

    def make(self, *, text: str) -> str:
        """Return it."""
        return text


class LinkedAppealForm(StrictSchema[LinkedAppeal]):
    """The same, with the link from the mail."""

    link = line()
    text = Text(load_default="")

    def make(self, *, link: str, text: str) -> LinkedAppeal:
        """Build the value."""
        return LinkedAppeal(link, text)
