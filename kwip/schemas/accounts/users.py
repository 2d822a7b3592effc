"""Users: Mastodon's Account, and the viewer's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from kwip.domain.accounts.users import ProfileChange, ProfileField
from kwip.domain.errors import InvalidError
from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy
from kwip.schemas.accounts.roles import own_role, public_role
from kwip.schemas.body import NOT_YET, BodySchema, Flag, NotYet, Text, only
from kwip.schemas.dumping import DumpSchema, constant, instant
from kwip.schemas.emojis import emojis_of_user
from kwip.schemas.html import bio_html, line_html
from kwip.schemas.policies import policy_field
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.users import User

#: Longer numbers are not indexes of a list.
_DIGITS = 10


def own_preferences(user: User) -> dict[str, object]:
    """Return Mastodon's Preferences, most of which Kwip does not store yet."""
    return {
        "posting:default:visibility": "public",
        "posting:default:sensitive": False,
        "posting:default:language": None,
        "posting:default:quote_policy": user.quote_policy.value,
        "reading:expand:media": "default",
        "reading:expand:spoilers": False,
        "reading:autoplay:gifs": False,
    }


class AccountSchema(DumpSchema):
    """A `User` as Mastodon's Account. Every key is always there."""

    id = fields.String()
    username = fields.String()
    acct = fields.String(attribute="username")
    display_name = fields.String(attribute="name")
    locked = fields.Boolean(attribute="is_locked")
    bot = constant(value=False)
    group = constant(value=False)
    discoverable = fields.Boolean(attribute="is_discoverable")
    indexable = fields.Boolean(attribute="is_indexable")
    noindex = fields.Function(lambda user: not user.is_crawlable)
    hide_collections = fields.Boolean(attribute="hides_collections")
    limited = fields.Boolean(attribute="is_silenced")
    created_at = fields.Method("get_created_at")
    note = fields.Method("get_note")
    url = fields.Method("get_url")
    uri = fields.Method("get_url")
    avatar = fields.Method("get_avatar")
    avatar_static = fields.Method("get_avatar")
    header = fields.Method("get_header")
    header_static = fields.Method("get_header")
    followers_count = fields.Integer()
    following_count = fields.Integer()
    statuses_count = fields.Integer(attribute="posts_count")
    last_status_at = constant(None)
    emojis = fields.Method("get_emojis")
    roles = fields.Method("get_roles")
    extra_fields = fields.Method("get_fields", data_key="fields")

    def get_created_at(self, user: User) -> str:
        """Return when they signed up."""
        return instant(user.created_at)

    def get_note(self, user: User) -> str:
        """Return the bio as HTML."""
        return bio_html(user.bio, self.urls)

    def get_emojis(self, user: User) -> object:
        """Return the custom emoji in the profile."""
        return emojis_of_user(user, self.urls)

    def get_fields(self, user: User) -> list[dict[str, str | None]]:
        """Return the profile fields, with when their links were verified."""
        return [
            {
                "name": field.name,
                "value": line_html(field.value, self.urls),
                "verified_at": _moment(field.verified_at),
            }
            for field in user.fields
        ]

    def get_url(self, user: User) -> str:
        """Return the address of the user's page."""
        return self.urls.user(user.username)

    def get_avatar(self, user: User) -> str:
        """Return the address of the profile picture."""
        return self.urls.avatar(user)

    def get_header(self, user: User) -> str:
        """Return the address of the header picture."""
        return self.urls.banner(user)

    def get_roles(self, user: User) -> list[dict[str, str]]:
        """Return the user's public roles."""
        return [public_role(user.role)] if user.role.is_staff else []


def _moment(at: dt.datetime | None) -> str | None:
    return None if at is None else instant(at)


class CredentialAccountSchema(AccountSchema):
    """The viewer's own `User` as Mastodon's CredentialAccount: with `source`."""

    source = fields.Function(
        lambda user: {
            "privacy": "public",
            "sensitive": False,
            "language": None,
            "quote_policy": user.quote_policy.value,
            "reply_policy": user.reply_policy.value,
            "note": user.bio,
            "fields": [
                {
                    "name": field.name,
                    "value": field.value,
                    "verified_at": _moment(field.verified_at),
                }
                for field in user.fields
            ],
            "follow_requests_count": user.requests_count,
            "discoverable": user.is_discoverable,
            "indexable": user.is_indexable,
            "hide_collections": user.hides_collections,
        }
    )
    role = fields.Method("get_role")

    def get_role(self, user: User) -> dict[str, object]:
        """Return the user's role, with Mastodon's numbers."""
        return own_role(user.role)


class FieldBody(BodySchema[ProfileField]):
    """A profile field."""

    name = Text(load_default="")
    value = Text(load_default="")

    def make(self, *, name: str, value: str) -> ProfileField:
        """Build the field."""
        return ProfileField(name, value)


class Lines(fields.List[Any]):
    """Profile fields: a list, or an object with numbers as keys, as Rails has both."""

    def __init__(self) -> None:
        super().__init__(fields.Nested(FieldBody), load_default=None)

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, dict):
            value = [line for _, line in sorted(value.items(), key=_number_of)]
        return super()._deserialize(value, *args, **kwargs)


def _number_of(item: tuple[str, object]) -> tuple[int, str]:
    key = item[0]
    return (int(key) if key.isdecimal() and len(key) < _DIGITS else 0, key)


class SourceBody(BodySchema["tuple[QuotePolicy | None, ReplyPolicy | None]"]):
    """Defaults for new posts: who may quote and reply; the others can't change yet."""

    privacy = fields.String(
        load_default="public", validate=validate.Equal("public", error=NOT_YET)
    )
    sensitive = only(value=False)
    language = NotYet()
    quote_policy = policy_field(QuotePolicy)
    reply_policy = policy_field(ReplyPolicy)

    def make(
        self,
        *,
        quote_policy: QuotePolicy | None,
        reply_policy: ReplyPolicy | None,
        **_: object,
    ) -> tuple[QuotePolicy | None, ReplyPolicy | None]:
        """Return both policies."""
        return quote_policy, reply_policy


class CredentialsBody(BodySchema[ProfileChange]):
    """Changes to the viewer's own account; the pictures come as files."""

    display_name = Text(load_default=None, allow_none=True)
    note = Text(load_default=None, allow_none=True)
    fields_attributes = Lines()
    avatar = NotYet(lazy_gettext("Send the picture as a file, in a multipart form."))
    header = NotYet(lazy_gettext("Send the picture as a file, in a multipart form."))
    avatar_description = NotYet()
    header_description = NotYet()
    locked = Flag(load_default=None, allow_none=True)
    bot = only(value=False)
    hide_collections = Flag(load_default=None, allow_none=True)
    discoverable = Flag(load_default=None, allow_none=True)
    indexable = Flag(load_default=None, allow_none=True)
    source = fields.Nested(SourceBody, load_default=(None, None))

    def make(
        self,
        *,
        display_name: str | None,
        note: str | None,
        fields_attributes: list[ProfileField] | None,
        discoverable: bool | None,
        locked: bool | None,
        source: tuple[QuotePolicy | None, ReplyPolicy | None],
        **others: Any,
    ) -> ProfileChange:
        """Build the change, without the files."""
        lines = None if fields_attributes is None else tuple(fields_attributes)
        quoting, replying = source
        return ProfileChange(
            display_name=display_name,
            bio=note,
            fields=lines,
            is_discoverable=discoverable,
            is_locked=locked,
            is_indexable=others["indexable"],
            hides_collections=others["hide_collections"],
            quote_policy=quoting,
            reply_policy=replying,
        )


#: Mastodon's words for parts of a profile, by ours.
_WORDS = {"bio": "note", "banner": "header", "fields": "fields_attributes"}


def in_words_of_api(error: InvalidError) -> InvalidError:
    """Name the wrong fields of a profile as the API does."""
    named = {
        re.sub(r"^\w+", lambda m: _WORDS.get(m.group(), m.group()), name): text
        for name, text in error.fields.items()
    }
    return InvalidError(error.message, named)
