"""Absolute URLs, all made from the configured origin, never from a request's Host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from kwip.domain.media import AVATAR, BANNER, PictureFile, is_picture_name

if TYPE_CHECKING:
    from kwip.domain.media import PictureKind
    from kwip.domain.timelines.views import PostView
    from kwip.domain.users import User

_DEFAULT_AVATAR, _DEFAULT_BANNER = "avatars/default.svg", "header.svg"


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
        """Return the address of a user's page."""
        return f"{self.origin}/@{username}"

    def post(self, view: PostView) -> str:
        """Return the address of a post's page."""
        return f"{self.user(view.author.username)}/{view.post.id}"

    def tag(self, name: str) -> str:
        """Return the address of a hashtag's page, by its folded name."""
        return f"{self.origin}/tags/{quote(name, safe='')}"

    def static(self, path: str) -> str:
        """Return the address of a file below `/static`."""
        return f"{self.origin}/static/{path}"

    def avatar(self, user: User, *, is_small: bool = False) -> str:
        """Return the address of a user's profile picture, or of the default."""
        return self._picture(user.avatar or _DEFAULT_AVATAR, AVATAR, is_small=is_small)

    def banner(self, user: User, *, is_small: bool = False) -> str:
        """Return the address of a user's header picture, or of the default."""
        return self._picture(user.banner or _DEFAULT_BANNER, BANNER, is_small=is_small)

    def default_banner(self) -> str:
        """Return the address of the default header picture."""
        return self.static(_DEFAULT_BANNER)

    def _picture(self, name: str, kind: PictureKind, *, is_small: bool) -> str:
        if not is_picture_name(name):
            return self.static(name)
        width = kind.sizes[-1 if is_small else 0][0]
        return f"{self.origin}/media/{PictureFile(name, width).path}"
