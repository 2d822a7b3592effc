"""Absolute URLs, all made from the configured origin, never from a request's Host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from kwip.domain.media.attachments import AttachmentFile
from kwip.domain.media.emojis import NO_EMOJIS
from kwip.domain.media.link_previews import PREVIEW_FILE, preview_path
from kwip.domain.media.media import AVATAR, BANNER, EMOJI, PictureFile, is_picture_name
from kwip.schemas import avatars

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.accounts.users import User
    from kwip.domain.ids import AttachmentId, PostId
    from kwip.domain.media.attachments import Attachment
    from kwip.domain.media.emojis import Emoji, EmojiSet
    from kwip.domain.media.media import PictureKind
    from kwip.domain.posting.posts import Post
    from kwip.domain.signed_addresses import Signer
    from kwip.domain.timelines.views import PostView

_DEFAULT_BANNER = "header.svg"


def origin_of(url: str) -> str:
    """Return the origin of a URL; empty if it names no host."""
    scheme, host, *_ = urlsplit(url)
    return f"{scheme}://{host}" if host else ""


@dataclass(frozen=True, slots=True)
class Urls:
    """Make the URLs of a site whose pages start at `origin` (no trailing slash).

    `media_url` is where files are that everybody may see, if not here. Without a
    `signer` there are no addresses of other files. `emojis` returns the custom emoji
    now in use.
    """

    origin: str
    media_url: str = field(default="", compare=False)
    signer: Signer | None = field(default=None, repr=False, compare=False)
    emojis: Callable[[], EmojiSet] = field(
        default=lambda: NO_EMOJIS, repr=False, compare=False
    )

    @property
    def host(self) -> str:
        """The bare host, with its port if the origin names one."""
        return urlsplit(self.origin).netloc

    @property
    def media_origin(self) -> str:
        """The other origin that has files of open posts; empty if there is none."""
        return origin_of(self.media_url)

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

    def guests(self, view: PostView) -> str:
        """Return the address of the page with the replies of guests to a post."""
        return f"{self.post(view)}/guests"

    def tag(self, name: str) -> str:
        """Return the address of a hashtag's page, by its folded name."""
        return f"{self.origin}/tags/{quote(name, safe='')}"

    def static(self, path: str) -> str:
        """Return the address of a file below `/static`."""
        return f"{self.origin}/static/{path}"

    def widget_script(self, name: str) -> str:
        """Return the address of a script for other sites."""
        return f"{self.origin}/widgets/v1/{name}"

    def avatar(self, user: User, *, is_small: bool = False) -> str:
        """Return the address of a user's profile picture, or of the default."""
        if not user.avatar:
            return f"{self.origin}/avatars/{avatars.name_of(user.username)}"
        return self._picture(user.avatar, AVATAR, is_small=is_small)

    def banner(self, user: User, *, is_small: bool = False) -> str:
        """Return the address of a user's header picture, or of the default."""
        return self._picture(user.banner or _DEFAULT_BANNER, BANNER, is_small=is_small)

    def attachment(self, attachment: Attachment, variant: str, *, is_open: bool) -> str:
        """Return the address of a variant of an attachment's file.

        Unless the file is open to everybody, it is signed, and expires in a day or two.
        """
        if is_open:
            path = AttachmentFile(attachment.file, variant, is_open=True).path
            return f"{self._media}/{path}"
        return self._signed(attachment.id, variant)

    def preview_image(self, post: Post) -> str | None:
        """Return the address of the picture of a link's preview, if there is one.

        Unless everybody may see the post, it is signed, and expires in a day or two.
        """
        image = post.preview.image if post.preview else None
        if image is None:
            return None
        if post.visibility.is_open:
            path = preview_path(image.file)
            return f"{self._media}/{path}"
        return self._signed(post.id, PREVIEW_FILE)

    def emoji(self, emoji: Emoji, *, is_still: bool = False) -> str:
        """Return the address of a custom emoji's picture, or of the still one."""
        return self._picture(emoji.still if is_still else emoji.picture, EMOJI)

    def default_banner(self) -> str:
        """Return the address of the default header picture."""
        return self.static(_DEFAULT_BANNER)

    def _picture(self, name: str, kind: PictureKind, *, is_small: bool = False) -> str:
        if not is_picture_name(name):
            return self.static(name)
        width = kind.sizes[-1 if is_small else 0][0]
        return f"{self._media}/{PictureFile(name, width).path}"

    def _signed(self, owner_id: AttachmentId | PostId, variant: str) -> str:
        if self.signer is None:
            return ""
        expires_s, signature = self.signer.sign(owner_id, variant)
        return (
            f"{self.origin}/media/private/{owner_id}/{variant}"
            f"?expires={expires_s}&signature={signature}"
        )

    @property
    def _media(self) -> str:
        return self.media_url or f"{self.origin}/media"
