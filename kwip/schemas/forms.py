"""The forms of our own pages, one schema each.

What a service decides (lengths, names that are taken) is not repeated here; these
only read what the fields hold, and refuse fields that no form of ours has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import fields, validate

from kwip.domain.ids import PostId
from kwip.domain.lists import ListChange, RepliesPolicy
from kwip.domain.posts import Draft, Edit, Visibility
from kwip.domain.users import MAX_FIELDS, READ, WRITE, ProfileChange, ProfileField
from kwip.schemas.body import Id, StrictSchema, Text
from kwip.text.translation import lazy_gettext

#: No one-line field takes more; the services' own limits lie below it.
LINE_MAX = 300


@dataclass(frozen=True, slots=True)
class LogIn:
    """Who wants to log in, and where to go then."""

    login: str
    password: str
    next: str


@dataclass(frozen=True, slots=True)
class TokenWish:
    """What a new token is for and what it may do."""

    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The password that somebody has, and the one that is wanted."""

    old: str
    new: str


def _choice(*known: str) -> fields.String:
    missing = lazy_gettext("Choose one of the options.")
    return fields.String(
        required=True,
        validate=validate.OneOf(known, error=missing),
        error_messages={"required": missing},
    )


def _line(*, is_required: bool = True) -> Text:
    missing = {"required": lazy_gettext("Fill in this field.")}
    if is_required:
        return Text(max_chars=LINE_MAX, required=True, error_messages=missing)
    return Text(max_chars=LINE_MAX, load_default="")


class SignUpForm(StrictSchema[Mapping[str, str]]):
    """The fields of `services.users.SignUp` that a person fills in."""

    username = _line()
    display_name = _line(is_required=False)
    email = _line()
    password = _line()

    def make(self, **values: Any) -> Mapping[str, str]:
        """Return the fields by their names."""
        return values


class SetupForm(StrictSchema[tuple[str, Mapping[str, str]]]):
    """The code that was printed, and what everybody fills in who signs up."""

    code = _line()
    username = _line()
    display_name = _line(is_required=False)
    email = _line()
    password = _line()

    def make(self, *, code: str, **values: Any) -> tuple[str, Mapping[str, str]]:
        """Return the code, and the other fields by their names."""
        return code, values


class LogInForm(StrictSchema[LogIn]):
    """Username or e-mail, and password."""

    login = _line()
    password = _line()
    next = Text(load_default="")

    def make(self, *, login: str, password: str, next: str) -> LogIn:  # noqa: A002 - the field's name
        """Build the value."""
        return LogIn(login, password, next)


class ComposeForm(StrictSchema[Draft]):
    """A kwip; `key` is drawn when the form is made, so that it is posted once."""

    text = Text(
        required=True,
        error_messages={"required": lazy_gettext("Write something first.")},
    )
    visibility = fields.Enum(
        Visibility,
        by_value=True,
        load_default=Visibility.PUBLIC,
        error_messages={"unknown": lazy_gettext("Choose who can see this.")},
    )
    warning = Text(load_default="")
    in_reply_to_id = Id(load_default=None)
    key = _line()

    def make(
        self,
        *,
        text: str,
        warning: str,
        visibility: Visibility,
        in_reply_to_id: int | None,
        key: str,
    ) -> Draft:
        """Build the draft."""
        return Draft(
            text=text,
            warning=warning,
            visibility=visibility,
            in_reply_to_id=None if in_reply_to_id is None else PostId(in_reply_to_id),
            source="web",
            idempotency_key=key,
        )


class EditForm(StrictSchema[Edit]):
    """The new text of a kwip, and the warning before it."""

    text = Text(
        required=True,
        error_messages={"required": lazy_gettext("Write something first.")},
    )
    warning = Text(load_default="")

    def make(self, *, text: str, warning: str) -> Edit:
        """Build what the kwip is changed to."""
        return Edit(text=text, warning=warning, is_sensitive=warning.strip() != "")


class ProfileLineForm(StrictSchema[ProfileField]):
    """A line of the profile: what it is, and the thing itself."""

    name = _line(is_required=False)
    value = _line(is_required=False)

    def make(self, *, name: str, value: str) -> ProfileField:
        """Build the line."""
        return ProfileField(name, value)


class ProfileForm(StrictSchema[ProfileChange]):
    """What one says of oneself; `fields[0][name]` and so on are the lines.

    The files come beside it.
    """

    display_name = _line(is_required=False)
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


class PrivacyForm(StrictSchema[bool]):
    """Whether widgets may show one's public kwips; a box that is off is not sent."""

    is_embeddable = fields.Boolean(load_default=False)

    def make(self, *, is_embeddable: bool) -> bool:
        """Return it."""
        return is_embeddable


class ReadingForm(StrictSchema[bool]):
    """Whether repeats are folded; a box that is off is not sent."""

    folds_repeats = fields.Boolean(load_default=False)

    def make(self, *, folds_repeats: bool) -> bool:
        """Return it."""
        return folds_repeats


class ListForm(StrictSchema[ListChange]):
    """What a list is called and shows; a box that is off is not sent."""

    title = _line()
    replies_policy = _choice(*(policy.value for policy in RepliesPolicy))
    is_exclusive = fields.Boolean(load_default=False)

    def make(
        self, *, title: str, replies_policy: str, is_exclusive: bool
    ) -> ListChange:
        """Build the change."""
        return ListChange(
            title=title,
            replies_policy=RepliesPolicy(replies_policy),
            is_exclusive=is_exclusive,
        )


class PasswordForm(StrictSchema[NewPassword]):
    """The password that one has, and the one to come."""

    old_password = _line()
    new_password = _line()

    def make(self, *, old_password: str, new_password: str) -> NewPassword:
        """Build the value."""
        return NewPassword(old_password, new_password)


class AppearanceForm(StrictSchema[tuple[str, str]]):
    """A theme and a size of the text, out of those that there are."""

    theme = _choice("system", "light", "dark")
    size = _choice("small", "normal", "large", "huge")

    def make(self, *, theme: str, size: str) -> tuple[str, str]:
        """Return both."""
        return theme, size


class TokenForm(StrictSchema[TokenWish]):
    """A name, and a box for each scope."""

    name = _line()
    read = fields.Boolean(load_default=False)
    write = fields.Boolean(load_default=False)

    def make(self, *, name: str, read: bool, write: bool) -> TokenWish:
        """Build the value."""
        chosen = {READ: read, WRITE: write}
        return TokenWish(name, frozenset(s for s, is_on in chosen.items() if is_on))


@dataclass(frozen=True, slots=True)
class Way:
    """Where to go back to, and the entry to which the page is scrolled there."""

    address: str
    place_id: int | None


class ReactForm(StrictSchema[Way]):
    """The page's one form; a button of a repost says in which entry it stands."""

    next = Text(load_default="")
    place_id = Id(load_default=None)

    def make(self, *, next: str, place_id: int | None) -> Way:  # noqa: A002 - the field's name
        """Build the value."""
        return Way(next, place_id)


class ActForm(StrictSchema[str]):
    """The page's one form, which its buttons share: where to go back to."""

    next = Text(load_default="")

    def make(self, *, next: str) -> str:  # noqa: A002 - the field's name
        """Return the address."""
        return next
