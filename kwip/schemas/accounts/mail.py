"""The forms around mail: asking for one, and what its links carry."""

from __future__ import annotations

from dataclasses import dataclass

from kwip.schemas.body import StrictSchema, Text, line


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password, and the link that allows to set it."""

    link: str
    password: str


class ForgotForm(StrictSchema[str]):
    """The email address of somebody who forgot the password."""

    email = line()

    def make(self, *, email: str) -> str:
        """Return the address."""
        return email


class LinkQuery(StrictSchema[str]):
    """What a link in a mail carries."""

    link = Text(load_default="")

    def make(self, *, link: str) -> str:
        """Return it."""
        return link


class NewPasswordForm(StrictSchema[NewPassword]):
    """The new password, with the link from the mail."""

    link = line()
    new_password = line()

    def make(self, *, link: str, new_password: str) -> NewPassword:
        """Build the value."""
        return NewPassword(link, new_password)
