"""Users: Mastodon's account, of others and one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.domain.clock import at
from kwip.domain.ids import ms_of
from kwip.schemas.dumping import DumpSchema, constant, instant
from kwip.schemas.html import bio_html, line_html

if TYPE_CHECKING:
    from kwip.domain.users import User

#: Mastodon's Preferences: Kwip keeps none of them yet.
PREFERENCES: dict[str, object] = {
    "posting:default:visibility": "public",
    "posting:default:sensitive": False,
    "posting:default:language": None,
    "posting:default:quote_policy": "nobody",
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
    locked = constant(value=False)
    bot = constant(value=False)
    group = constant(value=False)
    discoverable = constant(value=True)
    noindex = constant(value=False)
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
    emojis = constant([])
    roles = fields.Method("get_roles")
    extra_fields = fields.Method("get_fields", data_key="fields")

    def get_created_at(self, user: User) -> str:
        """Give the time of a user's id, which is when they signed up."""
        return instant(at(ms_of(user.id)))

    def get_note(self, user: User) -> str:
        """Give the bio as HTML."""
        return bio_html(user.bio, self.urls)

    def get_fields(self, user: User) -> list[dict[str, str | None]]:
        """Give the lines of the profile; nothing is verified."""
        return [
            {
                "name": field.name,
                "value": line_html(field.value, self.urls),
                "verified_at": None,
            }
            for field in user.fields
        ]

    def get_url(self, user: User) -> str:
        """Give the address of the user's page."""
        return self.urls.user(user.username)

    def get_avatar(self, user: User) -> str:
        """Give the address of the user's picture."""
        return self.urls.avatar(user)

    def get_header(self, user: User) -> str:
        """Give the address of the picture above the profile."""
        return self.urls.banner(user)

    def get_roles(self, user: User) -> list[dict[str, str]]:
        """Name what the user is to the site, for everybody to see."""
        role = {"id": "1", "name": "Administrator", "color": ""}
        return [role] if user.is_admin else []


class CredentialAccountSchema(AccountSchema):
    """The viewer's own `User` as Mastodon's CredentialAccount: with `source`."""

    source = fields.Function(
        lambda user: {
            "privacy": "public",
            "sensitive": False,
            "language": None,
            "note": user.bio,
            "fields": [
                {"name": field.name, "value": field.value, "verified_at": None}
                for field in user.fields
            ],
            "follow_requests_count": 0,
            "discoverable": True,
            "indexable": True,
            "hide_collections": False,
        }
    )
