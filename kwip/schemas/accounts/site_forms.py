"""The forms in which administrators change the settings and the texts of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from marshmallow import fields

from kwip.schemas.body import Id, StrictSchema, Text, choice
from kwip.text.translation import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.accounts.site import SettingName


@dataclass(frozen=True, slots=True)
class TypedSettings:
    """Settings as typed, and the version of those that the form showed."""

    version: int
    values: Mapping[SettingName, str]


@dataclass(frozen=True, slots=True)
class TypedText:
    """The Markdown of a page, and whether only to show what it looks like."""

    version: int
    text: str
    is_preview: bool


class SiteSettingsForm(StrictSchema[TypedSettings]):
    """The settings that are no pages; an unchecked box is not sent."""

    version = fields.Integer(required=True)
    name = Text(load_default="")
    description = Text(load_default="")
    contact_email = Text(load_default="")
    contact_username = Text(load_default="")
    rules = Text(load_default="")
    sign_up = Text(load_default="")
    language = Text(load_default=DEFAULT)
    confirm_email = Text(load_default="")
    members_invite = Text(load_default="")
    guest_replies = Text(load_default="")

    def make(self, *, version: int, **values: Any) -> TypedSettings:
        """Build the value."""
        return TypedSettings(version, cast("Mapping[SettingName, str]", values))


class SiteTextForm(StrictSchema[TypedText]):
    """The text of a page, and the button that was pressed."""

    version = fields.Integer(required=True)
    text = Text(load_default="")
    act = choice("preview", "save")

    def make(self, *, version: int, text: str, act: str) -> TypedText:
        """Build the value."""
        return TypedText(version, text, act == "preview")


class UndoForm(StrictSchema[int]):
    """The change to undo."""

    change = Id(required=True)

    def make(self, *, change: int) -> int:
        """Return its id."""
        return change
