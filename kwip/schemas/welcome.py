"""The form of the first step after signing up."""

from __future__ import annotations

from marshmallow import fields

from kwip.domain.users import ProfileChange
from kwip.schemas.body import StrictSchema, Text
from kwip.schemas.forms import LINE_MAX


class WelcomeForm(StrictSchema[ProfileChange]):
    """The first things that users say about themselves; the picture comes as a file."""

    display_name = Text(max_chars=LINE_MAX, load_default="")
    is_discoverable = fields.Boolean(load_default=False)

    def make(self, *, display_name: str, is_discoverable: bool) -> ProfileChange:
        """Build the change, without the file."""
        return ProfileChange(display_name=display_name, is_discoverable=is_discoverable)
