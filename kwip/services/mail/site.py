"""What mails say about the site that sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.accounts.site import UNNAMED
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable


class Site:
    """The name of the site, and the addresses of pages that mails link to."""

    def __init__(self, origin: str, host: str):
        self._origin = origin
        self.host = host
        self._name_of: Callable[[], str] = str

    def ask_name_of(self, name_of: Callable[[], str]) -> None:
        """Use what a function returns as the name of the site."""
        self._name_of = name_of

    @property
    def name(self) -> str:
        """The name of the site, or its host while nobody has named it."""
        name = self._name_of()
        return self.host if name in {"", UNNAMED} else name

    def page(self, path: str) -> str:
        """Return the address of a page."""
        return f"{self._origin}{path}"

    @property
    def reason(self) -> str:
        """Why people get mail about their accounts."""
        return gettext(
            "You get this email because it is about your account on %(site)s.",
            site=self.name,
        )
