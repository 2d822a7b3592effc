"""Attachments: pictures, video and sound in a post."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import IO, TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwip.domain.ids import AttachmentId, PostId, UserId

#: A post has so many pictures, or one video or sound.
MAX_IMAGES = 4
DESCRIPTION_MAX = 1_500
#: How long an upload waits for its post.
UNATTACHED_LIFETIME = dt.timedelta(days=1)
#: The largest video or sound to upload.
VIDEO_MAX_BYTES = 99_000_000
#: An uploaded video or sound as it came, until it is converted. Nobody gets it.
SOURCE = "source.bin"
#: 128 bits: two files never share a name.
_DIGEST_BYTES = 16
_PIECE_BYTES = 1_000_000
#: Files of posts that not everybody may see are apart.
_PRIVATE = "private-"
_FILE = re.compile(
    r"(private-)?([0-9a-f]{2})/(\2[0-9a-f]{30})-"
    r"((?:large|small|video|audio|source|preview)\.[a-z0-9]{3,4})",
    re.ASCII,
)
_TYPES = {
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "png": "image/png",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "zip": "application/zip",
    "csv": "text/csv; charset=utf-8",
}


class AttachmentKind(StrEnum):
    """What an attachment is; a `gifv` is a silent video that loops."""

    IMAGE = "image"
    GIFV = "gifv"
    VIDEO = "video"
    AUDIO = "audio"


class UploadState(StrEnum):
    """How far an upload has come; what is `removed` waits for its files to go."""

    READY = "ready"
    PROCESSING = "processing"
    FAILED = "failed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What a post shows of a file.

    `file` is the name that all `variants` of the file share; the first variant is the
    file itself, the last one the smallest picture of it; there are none until a video
    or sound is converted. Widths and heights are pixels
    of the large and the small picture; 0 for sound without a picture. The focus is the
    point that a crop keeps, from -1 (left, bottom) to 1 (right, top).
    """

    id: AttachmentId
    kind: AttachmentKind
    file: str
    variants: tuple[str, ...]
    width: int
    height: int
    small_width: int
    small_height: int
    blurhash: str | None
    description: str = ""
    focus_x: float = 0.0
    focus_y: float = 0.0
    duration_s: float | None = None

    @property
    def original(self) -> str:
        """The variant that is the file itself."""
        return self.variants[0]

    @property
    def preview(self) -> str | None:
        """The variant that is a small picture of it, if there is one."""
        last = self.variants[-1] if self.variants else ""
        return last if media_type(last).startswith("image/") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An attachment as its owner uploaded it, attached to `post_id` or to nothing yet.

    `is_open` says where its files are: among those of open posts, or the others.
    `due_at` is when it is removed unless it is attached; what is attached has none.
    `source` names the uploaded video or sound that is still to be converted, and
    `problem` says why it cannot be.
    """

    attachment: Attachment
    owner_id: UserId
    state: UploadState
    post_id: PostId | None
    is_open: bool
    size_bytes: int
    due_at: dt.datetime | None = None
    source: str | None = None
    problem: str = ""

    @property
    def id(self) -> AttachmentId:
        """The attachment's id."""
        return self.attachment.id


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentChange:
    """New words about an attachment; None leaves it as it is."""

    description: str | None = None
    focus: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class AttachmentFile:
    """One variant of a file, in one of the two places: open to everybody, or not."""

    name: str
    variant: str
    is_open: bool

    @classmethod
    def parse(cls, path: str) -> AttachmentFile | None:
        """Parse a path below the media folder; None if it cannot be ours."""
        match = _FILE.fullmatch(path)
        return match and cls(match[3], match[4], is_open=match[1] is None)

    @property
    def path(self) -> str:
        """The path below the media folder, and below `/media` if it is open.

        The folder is named by two digits, so that none gets too many files.
        """
        place = "" if self.is_open else _PRIVATE
        return f"{place}{self.name[:2]}/{self.name}-{self.variant}"


def media_type(variant: str) -> str:
    """Return the media type of a variant, by its ending, which we chose."""
    return _TYPES.get(variant.rpartition(".")[2], "application/octet-stream")


def file_name(files: Mapping[str, IO[bytes]], key: bytes) -> str:
    """Return the name of a file, from the bytes of all its variants.

    Without the key nobody can compute the name of a file that they know.
    """
    digest = blake2b(key=key, digest_size=_DIGEST_BYTES)
    for variant, content in files.items():
        for part in (io.BytesIO(variant.encode()), content):
            digest.update(part.seek(0, io.SEEK_END).to_bytes(8, "big"))
            part.seek(0)
            while piece := part.read(_PIECE_BYTES):
                digest.update(piece)
    return digest.hexdigest()


#: What to say of a file that is not there any more.
LOST = lazy_gettext(
    "One of these files was deleted, or is in another kwip. Attach it again."
)


def check_together(attachments: Sequence[Attachment]) -> None:
    """Check that a post may have these.

    Raises:
        InvalidError: There are too many, or a video or sound is not alone.
    """
    if len(attachments) > MAX_IMAGES:
        raise refused_attachments(
            lazy_gettext("Attach up to %(limit)s pictures.", limit=MAX_IMAGES)
        )
    alone = any(a.kind is not AttachmentKind.IMAGE for a in attachments)
    if alone and len(attachments) > 1:
        raise refused_attachments(
            lazy_gettext("Attach up to four pictures, or one video or audio file.")
        )


def refused_attachments(why: str) -> InvalidError:
    """Return the error for attachments that cannot be used."""
    return InvalidError(
        lazy_gettext("These files can't be attached."), {"media_ids": why}
    )
