"""The forms of signing in and up, of the settings, and of the first steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError, fields, validate, validates

from kwip.domain.accounts.users import (
    ADMIN_READ,
    ADMIN_WRITE,
    MAX_FIELDS,
    PUSH,
    READ,
    WRITE,
    ProfileChange,
    ProfileField,
)
from kwip.domain.posting.drafts import UNDO_S
from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy
from kwip.schemas.body import LINE_MAX, StrictSchema, Text, choice, line
from kwip.schemas.policies import policy_field
from kwip.text.dates import zones
from kwip.text.translation import LANGUAGES, gettext


@dataclass(frozen=True, slots=True)
class LogIn:
    """Who wants to log in, and where to go afterwards."""

    login: str
    password: str
    next: str


@dataclass(frozen=True, slots=True)
class TokenInput:
    """The name and scopes of a new token."""

    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The current password, and the new one."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SignUpInput:
    """The fields of `SignUp` that a person fills in, and how they want to join."""

    fields: Mapping[str, str]
    invite: str
    reason: str


class SignUpForm(StrictSchema[SignUpInput]):
    """The fields of `SignUp` that a person fills in."""

    username = line()
    display_name = line(is_required=False)
    email = line()
    password = line()
    invite = line(is_required=False)
    reason = Text(load_default="")

    def make(self, *, invite: str, reason: str, **values: Any) -> SignUpInput:
        """Build the value."""
        return SignUpInput(values, invite, reason)


class SetupForm(StrictSchema[tuple[str, Mapping[str, str]]]):
    """The code that was printed, and the fields of a sign-up."""

    code = line()
    username = line()
    display_name = line(is_required=False)
    email = line()
    password = line()

    def make(self, *, code: str, **values: Any) -> tuple[str, Mapping[str, str]]:
        """Return the code, and the other fields by their names."""
        return code, values


class LogInForm(StrictSchema[LogIn]):
    """Username or email, and password."""

    login = line()
    password = line()
    next = Text(load_default="")

    def make(self, *, login: str, password: str, next: str) -> LogIn:  # noqa: A002 - the field's name
        """Build the value."""
        return LogIn(login, password, next)


class ProfileLineForm(StrictSchema[ProfileField]):
    """A field of the profile: its name and value."""

    name = line(is_required=False)
    value = line(is_required=False)

    def make(self, *, name: str, value: str) -> ProfileField:
        """Build the field."""
        return ProfileField(name, value)


class ProfileForm(StrictSchema[ProfileChange]):
    """What users say about themselves; `fields[0][name]` and so on are profile fields.

    The files are read separately.
    """

    display_name = line(is_required=False)
    bio = Text(load_default="")
    lines = fields.Dict(
        keys=fields.Integer(validate=validate.Range(0, MAX_FIELDS - 1)),
        values=fields.Nested(ProfileLineForm),
        data_key="fields",
        load_default=dict,
    )
    remove_avatar = fields.Boolean(load_default=False)
    remove_banner = fields.Boolean(load_default=False)

    def make(
        self,
        *,
        display_name: str,
        bio: str,
        lines: Mapping[int, ProfileField],
        remove_avatar: bool,
        remove_banner: bool,
    ) -> ProfileChange:
        """Build the change, without the files."""
        return ProfileChange(
            display_name=display_name,
            bio=bio,
            fields=tuple(lines.get(n, ProfileField("", "")) for n in range(MAX_FIELDS)),
            is_avatar_removed=remove_avatar,
            is_banner_removed=remove_banner,
        )


class PrivacyForm(StrictSchema[ProfileChange]):
    """Where one's profile is shown; an unchecked box is not sent."""

    is_embeddable = fields.Boolean(load_default=False)
    shows_favourites = fields.Boolean(load_default=False)
    embed_origins = Text(load_default=None)
    is_discoverable = fields.Boolean(load_default=False)
    is_locked = fields.Boolean(load_default=False)
    accepts_buzzes = fields.Boolean(load_default=False)
    accepts_guests = fields.Boolean(load_default=False)
    is_indexable = fields.Boolean(load_default=False)
    is_crawlable = fields.Boolean(load_default=False)
    may_trend = fields.Boolean(load_default=False)
    hides_collections = fields.Boolean(load_default=False)
    reply_policy = policy_field(ReplyPolicy)
    quote_policy = policy_field(QuotePolicy)

    def make(self, **values: Any) -> ProfileChange:
        """Build the change."""
        return ProfileChange(**values)


class ReadingForm(StrictSchema[ProfileChange]):
    """What the viewer's pages hide and refuse; an unchecked box is not sent."""

    folds_repeats = fields.Boolean(load_default=False)
    requires_descriptions = fields.Boolean(load_default=False)
    hides_counts = fields.Boolean(load_default=False)
    undo_s = fields.Integer(load_default=0, validate=validate.OneOf(UNDO_S))

    def make(self, **values: Any) -> ProfileChange:
        """Build the change."""
        return ProfileChange(**values)


class PasswordForm(StrictSchema[NewPassword]):
    """The current password, and the new one."""

    old_password = line()
    new_password = line()

    def make(self, *, old_password: str, new_password: str) -> NewPassword:
        """Build the value."""
        return NewPassword(old_password, new_password)


class AppearanceForm(StrictSchema[tuple[str, str]]):
    """A theme and a text size, out of those available."""

    theme = choice("system", "light", "dark")
    size = choice("small", "normal", "large", "huge")

    def make(self, *, theme: str, size: str) -> tuple[str, str]:
        """Return both."""
        return theme, size


class LanguageForm(StrictSchema[ProfileChange]):
    """A language and a time zone; without, the browser decides, or it is UTC."""

    language = choice("", *LANGUAGES)
    time_zone = Text(load_default=None)

    def make(self, *, language: str, time_zone: str | None) -> ProfileChange:
        """Build the change."""
        return ProfileChange(language=language, time_zone=time_zone)

    @validates("time_zone")
    def require_zone(self, value: str | None, **_: object) -> None:
        """Refuse what is no time zone."""
        if value and value not in zones():
            raise ValidationError(gettext("Choose a time zone from the list."))


class TokenForm(StrictSchema[TokenInput]):
    """A name, and a box for each scope."""

    name = line()
    read = fields.Boolean(load_default=False)
    write = fields.Boolean(load_default=False)
    push = fields.Boolean(load_default=False)
    admin_read = fields.Boolean(load_default=False)
    admin_write = fields.Boolean(load_default=False)

    def make(self, *, name: str, **wanted: bool) -> TokenInput:
        """Build the value."""
        chosen = {
            READ: wanted["read"],
            WRITE: wanted["write"],
            PUSH: wanted["push"],
            ADMIN_READ: wanted["admin_read"],
            ADMIN_WRITE: wanted["admin_write"],
        }
        return TokenInput(name, frozenset(s for s, is_on in chosen.items() if is_on))


class WelcomeForm(StrictSchema[ProfileChange]):
    """The first things that users say about themselves; the picture comes as a file."""

    display_name = Text(max_chars=LINE_MAX, load_default="")
    is_discoverable = fields.Boolean(load_default=False)

    def make(self, *, display_name: str, is_discoverable: bool) -> ProfileChange:
        """Build the change, without the file."""
        return ProfileChange(display_name=display_name, is_discoverable=is_discoverable)
