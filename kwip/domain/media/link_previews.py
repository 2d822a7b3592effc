"""Previews of links: what the page behind the first link of a post says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from kwip.domain.media.attachments import AttachmentFile

#: The file of a preview's picture; it is one of the variants of `AttachmentFile`.
PREVIEW_FILE = "preview.webp"


class PreviewKind(StrEnum):
    """What a link leads to; of a photo, the picture is the thing itself."""

    LINK = "link"
    PHOTO = "photo"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewImage:
    """The picture of a preview: a copy of our own, in the file of that name."""

    file: str
    width: int
    height: int
    blurhash: str | None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPreview:
    """What is shown of a link: plain texts, and a copy of a picture.

    `url` is the link as its post has it, whatever the page says about its own address.
    """

    url: str
    kind: PreviewKind
    title: str
    description: str = ""
    author_name: str = ""
    provider_name: str = ""
    image: PreviewImage | None = None

    @property
    def host(self) -> str:
        """The host that the link leads to, without `www.`."""
        return host_of(self.url)


def host_of(url: str) -> str:
    """Return the host of an address, without `www.`."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def preview_path(file: str) -> str:
    """Return where the picture of a preview is among the stored files."""
    return AttachmentFile(file, PREVIEW_FILE, is_open=True).path
