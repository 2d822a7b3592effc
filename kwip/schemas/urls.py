"""Absolute URLs, all made from the one origin and never from a request's Host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from kwip.domain.users import User
    from kwip.domain.views import PostView

_DEFAULT_AVATAR, _DEFAULT_HEADER = "avatars/default.svg", "header.svg"


@dataclass(frozen=True, slots=True)
class Urls:
    """Make the URLs of a site whose pages start at `origin` (no trailing slash)."""

    origin: str

    @property
    def host(self) -> str:
        """The bare host, with its port if the origin names one."""
        return urlsplit(self.origin).netloc

    @property
    def streaming(self) -> str:
        """Where WebSockets connect: `ws://` or `wss://`."""
        return "ws" + self.origin.removeprefix("http")

    def user(self, username: str) -> str:
        """Give the address of a user's page."""
        return f"{self.origin}/@{username}"

    def post(self, view: PostView) -> str:
        """Give the address of a post's page."""
        return f"{self.user(view.author.username)}/{view.post.id}"

    def tag(self, name: str) -> str:
        """Give the address of the page of a hashtag, by its one form."""
        return f"{self.origin}/tags/{quote(name, safe='')}"

    def static(self, path: str) -> str:
        """Give the address of a file below `/static`."""
        return f"{self.origin}/static/{path}"

    def avatar(self, user: User) -> str:
        """Give the address of a user's picture, the drawn default without one."""
        return self.static(user.avatar or _DEFAULT_AVATAR)

    def header(self) -> str:
        """Give the address of the picture above a profile."""
        return self.static(_DEFAULT_HEADER)
