"""Attachments: Mastodon's MediaAttachment, and the bodies that write about them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marshmallow import fields

from kwip.domain.ids import AttachmentId
from kwip.domain.media.attachments import MAX_IMAGES, Attachment, AttachmentChange
from kwip.schemas.body import BodySchema, Id, Ids, NotYet, Text
from kwip.schemas.dumping import DumpSchema, constant
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.media.attachments import Upload
    from kwip.domain.posting.posts import Post


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """An attachment, and whether everybody may see its file."""

    attachment: Attachment
    is_open: bool


def attachments_of(post: Post, *, is_open: bool | None = None) -> list[AttachmentView]:
    """Return the attachments of a post as its readers see them."""
    is_seen = post.visibility.is_open if is_open is None else is_open
    return [AttachmentView(each, is_seen) for each in post.media]


class MediaAttachmentSchema(DumpSchema):
    """An `AttachmentView` or an `Upload` as Mastodon's MediaAttachment."""

    id = fields.String(attribute="attachment.id")
    type = fields.Function(lambda view: view.attachment.kind.value)
    url = fields.Method("get_url")
    preview_url = fields.Method("get_preview_url")
    remote_url = constant(None)
    preview_remote_url = constant(None)
    text_url = constant(None)
    meta = fields.Method("get_meta")
    description = fields.Function(lambda view: view.attachment.description or None)
    blurhash = fields.String(attribute="attachment.blurhash")

    def get_url(self, view: AttachmentView | Upload) -> str | None:
        """Return the address of the file, once it is converted."""
        if not view.attachment.variants:
            return None
        return self._address(view, view.attachment.original)

    def get_preview_url(self, view: AttachmentView | Upload) -> str | None:
        """Return the address of a small picture of it, if there is one."""
        preview = view.attachment.preview
        return None if preview is None else self._address(view, preview)

    def get_meta(self, view: AttachmentView | Upload) -> dict[str, object]:
        """Return sizes, focus and duration."""
        it = view.attachment
        original = _size(it.width, it.height)
        if it.duration_s is not None:
            original |= {"duration": it.duration_s}
        meta: dict[str, object] = {"original": original} if original else {}
        if it.preview is not None:
            meta["small"] = _size(it.small_width, it.small_height)
            meta["focus"] = {"x": it.focus_x, "y": it.focus_y}
        return meta

    def _address(self, view: AttachmentView | Upload, variant: str) -> str:
        return self.urls.attachment(view.attachment, variant, is_open=view.is_open)


def _size(width: int, height: int) -> dict[str, object]:
    if not (width and height):
        return {}
    return {
        "width": width,
        "height": height,
        "size": f"{width}x{height}",
        "aspect": width / height,
    }


class Focus(fields.Field["tuple[float, float] | None"]):
    """The point that a crop keeps: `x,y`, each from -1 to 1."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "invalid": lazy_gettext("Use two numbers from -1 to 1, for example 0.0,0.5."),
    }

    def _deserialize(
        self, value: object, *_args: object, **_kwargs: object
    ) -> tuple[float, float] | None:
        if value in ("", None):
            return None
        try:
            x, y = (float(part) for part in str(value).split(","))
        except ValueError as error:
            raise self.make_error("invalid") from error
        if not all(math.isfinite(each) and -1 <= each <= 1 for each in (x, y)):
            raise self.make_error("invalid")
        return x, y


class MediaIds(Ids):
    """The attachments of a post, in order; empty ones are left out.

    Args:
        may_lack: Whether their absence is None, and not the same as none of them.
    """

    def __init__(self, *, may_lack: bool = False):
        super().__init__(MAX_IMAGES)
        self.allow_none = True
        if may_lack:
            self.load_default = None

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> list[Any]:
        several = value if isinstance(value, list) else [value]
        kept = [each for each in several if each not in ("", None)]
        return super()._deserialize(kept, *args, **kwargs)


class MediaBody(BodySchema[AttachmentChange]):
    """The description and the focus of an attachment; the file comes separately."""

    description = Text(load_default=None, allow_none=True)
    focus = Focus(load_default=None, allow_none=True)
    thumbnail = NotYet()

    def make(
        self,
        *,
        description: str | None,
        focus: tuple[float, float] | None,
        **_: object,
    ) -> AttachmentChange:
        """Build the change."""
        return AttachmentChange(description=description, focus=focus)


class MediaAttributesBody(BodySchema[tuple[AttachmentId, AttachmentChange]]):
    """What an edit of a post says about one of its attachments."""

    id = Id(required=True)
    description = Text(load_default=None, allow_none=True)
    focus = Focus(load_default=None, allow_none=True)
    thumbnail = NotYet()

    def make(
        self,
        *,
        id: int,  # noqa: A002 - its name
        description: str | None,
        focus: tuple[float, float] | None,
        **_: object,
    ) -> tuple[AttachmentId, AttachmentChange]:
        """Build the change, with the id it is for."""
        change = AttachmentChange(description=description, focus=focus)
        return AttachmentId(id), change
