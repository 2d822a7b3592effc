"""The forms of our own pages, one schema each.

What a service checks (lengths, taken names) is not repeated here; these schemas only
read the fields, and reject fields that are in none of our forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import Schema, fields, validate

from kwip.domain.ids import PostId
from kwip.domain.posts import Draft, Edit, Visibility
from kwip.domain.timelines.lists import ListChange, RepliesPolicy
from kwip.domain.users import MAX_FIELDS, READ, WRITE, ProfileChange, ProfileField
from kwip.schemas.body import Id, StrictSchema, Text
from kwip.schemas.polls import PollOfForm, WithVotes
from kwip.text.translation import lazy_gettext

#: A reply form shows no more people to address.
TO_MAX = 100
#: No one-line field takes more; the services' own limits are lower.
LINE_MAX = 300


@dataclass(frozen=True, slots=True)
class LogIn:
    """Who wants to log in, and where to go afterwards."""

    login: str
    password: str
    next: str


@dataclass(frozen=True, slots=True)
class TokenWish:
    """The name and scopes of a new token."""

    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The current password, and the new one."""

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
    """The fields of `SignUp` that a person fills in."""

    username = _line()
    display_name = _line(is_required=False)
    email = _line()
    password = _line()

    def make(self, **values: Any) -> Mapping[str, str]:
        """Return the fields by their names."""
        return values


class SetupForm(StrictSchema[tuple[str, Mapping[str, str]]]):
    """The code that was printed, and the fields of a sign-up."""

    code = _line()
    username = _line()
    display_name = _line(is_required=False)
    email = _line()
    password = _line()

    def make(self, *, code: str, **values: Any) -> tuple[str, Mapping[str, str]]:
        """Return the code, and the other fields by their names."""
        return code, values


class LogInForm(StrictSchema[LogIn]):
    """Username or email, and password."""

    login = _line()
    password = _line()
    next = Text(load_default="")

    def make(self, *, login: str, password: str, next: str) -> LogIn:  # noqa: A002 - the field's name
        """Build the value."""
        return LogIn(login, password, next)


class _WithAttachments(Schema):
    """Fields of a form that `AttachForm` reads."""

    media_ids = fields.Raw()
    media_description = fields.Raw()
    media_focus = fields.Raw()
    media_place = fields.Raw()
    media_remove = fields.Raw()
    file_description = fields.Raw()


class ComposeForm(_WithAttachments, StrictSchema[Draft]):
    """A kwip; `key` is drawn when the form is made, so that it is posted only once.

    What is attached is read separately.
    """

    text = Text(load_default="")
    visibility = fields.Enum(
        Visibility,
        by_value=True,
        load_default=Visibility.PUBLIC,
        error_messages={"unknown": lazy_gettext("Choose who can see this.")},
    )
    warning = Text(load_default="")
    is_sensitive = fields.Boolean(load_default=False)
    in_reply_to_id = Id(load_default=None)
    quote_of_id = Id(load_default=None)
    to = fields.List(Text(), load_default=list, validate=validate.Length(max=TO_MAX))
    poll = PollOfForm()
    key = _line()

    def make(
        self,
        *,
        text: str,
        visibility: Visibility,
        in_reply_to_id: int | None,
        to: list[str],
        key: str,
        **others: Any,
    ) -> Draft:
        """Build the draft."""
        return Draft(
            text=text,
            warning=others["warning"],
            is_sensitive=others["is_sensitive"],
            visibility=visibility,
            in_reply_to_id=None if in_reply_to_id is None else PostId(in_reply_to_id),
            source="web",
            poll=others["poll"],
            quote_of_id=others["quote_of_id"],
            idempotency_key=key,
            to=tuple(to),
        )


class EditForm(_WithAttachments, StrictSchema[Edit]):
    """The new text of a kwip, its content warning, and its poll.

    What is attached is read separately.
    """

    text = Text(load_default="")
    warning = Text(load_default="")
    is_sensitive = fields.Boolean(load_default=False)
    poll = PollOfForm(is_edit=True)

    def make(self, *, text: str, warning: str, is_sensitive: bool, **it: Any) -> Edit:
        """Build the edit."""
        edit = Edit(text=text, warning=warning, is_sensitive=is_sensitive)
        return replace(edit, poll=it.get("poll"), keeps_poll="poll" not in it)


class ProfileLineForm(StrictSchema[ProfileField]):
    """A field of the profile: its name and value."""

    name = _line(is_required=False)
    value = _line(is_required=False)

    def make(self, *, name: str, value: str) -> ProfileField:
        """Build the field."""
        return ProfileField(name, value)


class ProfileForm(StrictSchema[ProfileChange]):
    """What users say about themselves; `fields[0][name]` and so on are profile fields.

    The files are read separately.
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


class PrivacyForm(StrictSchema[ProfileChange]):
    """Where one's profile is shown; an unchecked box is not sent."""

    is_embeddable = fields.Boolean(load_default=False)
    is_discoverable = fields.Boolean(load_default=False)

    def make(self, *, is_embeddable: bool, is_discoverable: bool) -> ProfileChange:
        """Build the change."""
        return ProfileChange(
            is_embeddable=is_embeddable, is_discoverable=is_discoverable
        )


class ReadingForm(StrictSchema[ProfileChange]):
    """What the viewer's pages hide and refuse; an unchecked box is not sent."""

    folds_repeats = fields.Boolean(load_default=False)
    requires_descriptions = fields.Boolean(load_default=False)

    def make(
        self, *, folds_repeats: bool, requires_descriptions: bool
    ) -> ProfileChange:
        """Build the change."""
        return ProfileChange(
            folds_repeats=folds_repeats, requires_descriptions=requires_descriptions
        )


class ListForm(StrictSchema[ListChange]):
    """A list's title and what it shows; an unchecked box is not sent."""

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
    """The current password, and the new one."""

    old_password = _line()
    new_password = _line()

    def make(self, *, old_password: str, new_password: str) -> NewPassword:
        """Build the value."""
        return NewPassword(old_password, new_password)


class AppearanceForm(StrictSchema[tuple[str, str]]):
    """A theme and a text size, out of those available."""

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
    """Where to go back to, and the entry that the page scrolls to there."""

    address: str
    place_id: int | None


class ReactForm(WithVotes, StrictSchema[Way]):
    """The page's one form; a repost's button says which entry it is in."""

    next = Text(load_default="")
    place_id = Id(load_default=None)

    def make(self, *, next: str, place_id: int | None, **_: object) -> Way:  # noqa: A002 - the field's name
        """Build the value."""
        return Way(next, place_id)


class ActForm(WithVotes, StrictSchema[str]):
    """The page's one form, which its buttons share: where to go back to."""

    next = Text(load_default="")

    def make(self, *, next: str, **_: object) -> str:  # noqa: A002 - the field's name
        """Return the address."""
        return next
