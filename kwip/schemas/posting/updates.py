"""Updates: a kwip from a program, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from marshmallow import ValidationError, fields

from kwip.domain.posting.posts import Draft
from kwip.domain.posting.sources import API, RESERVED, VENDOR_MAX
from kwip.schemas.body import BodySchema, Flag, Text
from kwip.schemas.dumping import DumpSchema, Instant
from kwip.schemas.html import post_html
from kwip.text.profiles import clean_line
from kwip.text.translation import gettext, lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.timelines.views import PostView


@dataclass(frozen=True, slots=True)
class Update:
    """A draft, and whether it is only checked."""

    draft: Draft
    is_check: bool

    def once(self, key: str | None) -> Draft:
        """Return the draft with an idempotency key."""
        return replace(self.draft, idempotency_key=key or None)


class UpdateBody(BodySchema[Update]):
    """A kwip, the name of the program that sends it, and whether to check it only."""

    kwip = Text(
        required=True,
        error_messages={"required": lazy_gettext("Write something first.")},
    )
    vendor = Text(load_default="", allow_none=True, max_chars=VENDOR_MAX)
    is_check = Flag(load_default=False, allow_none=True, data_key="validate")

    def make(self, *, kwip: str, vendor: str | None, is_check: bool | None) -> Update:
        """Build the draft, which is public."""
        # Without what nobody sees, or it could look like a name of Kwip's own.
        label = clean_line("vendor", vendor or "", VENDOR_MAX, {})
        if label.lower() in RESERVED:
            raise ValidationError({"vendor": [gettext("Kwip uses this name itself.")]})
        return Update(Draft(text=kwip, source=label or API), bool(is_check))


class UpdateSchema(DumpSchema):
    """A kwip as it was posted; as it would be, without `id` and `url`."""

    id = fields.Function(lambda view: str(view.post.id) if view.post.id else None)
    url = fields.Method("get_url")
    text = fields.String(attribute="post.text")
    content = fields.Method("get_content")
    vendor = fields.String(attribute="post.source")
    created_at = Instant(attribute="post.created_at")

    def get_content(self, view: PostView) -> str:
        """Return the text as HTML."""
        return post_html(view.post, self.urls)

    def get_url(self, view: PostView) -> str | None:
        """Return the address of the kwip's page, if it was posted."""
        return self.urls.post(view) if view.post.id else None
