"""What mails say about the site that sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.accounts.site import UNNAMED
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.accounts.site import SiteSettings


class Site:
    """The name of the site, and the addresses of pages that mails link to.

    `settings` returns those in force, as this process remembers them.
    """

    def __init__(self, origin: str, host: str, settings: Callable[[], SiteSettings]):
        self._origin = origin
        self.host = host
        self._settings = settings

    @property
    def name(self) -> str:
        """The name of the site, or its host while nobody has named it."""
        name = self._settings().name
        return self.host if name in {"", UNNAMED} else name

    @property
    def language(self) -> str:
        """The language for people who have chosen none."""
        return self._settings().language

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
