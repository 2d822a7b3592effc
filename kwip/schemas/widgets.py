"""Widgets: public JSON in a shape of our own, version 1, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marshmallow import fields, validate

from kwip.domain.pages import DEFAULT_LIMIT, MAX_LIMIT
from kwip.schemas.body import Id, StrictSchema
from kwip.schemas.dumping import DumpSchema, Instant
from kwip.schemas.html import post_html

if TYPE_CHECKING:
    from kwip.domain.users import User
    from kwip.domain.views import PostView
    from kwip.schemas.urls import Urls


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetRequest:
    """How many posts, and after which one of the page before."""

    limit: int
    before: int | None


class WidgetQuery(StrictSchema[WidgetRequest]):
    """`limit` (1 to 40) and `before`; any other parameter is refused."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(1, MAX_LIMIT, error="Use 1 to {max}."),
    )
    before = Id(load_default=None)

    def make(self, *, limit: int, before: int | None) -> WidgetRequest:
        """Build the request."""
        return WidgetRequest(limit=limit, before=before)


class WidgetAuthorSchema(DumpSchema):
    """A `User` beside a widget's post."""

    id = fields.String()
    username = fields.String()
    display_name = fields.String(attribute="name")
    url = fields.Method("get_url")
    avatar = fields.Method("get_avatar")

    def get_url(self, user: User) -> str:
        """Give the address of the user's page."""
        return self.urls.user(user.username)

    def get_avatar(self, user: User) -> str:
        """Give the address of the user's picture."""
        return self.urls.avatar(user)


class WidgetPostSchema(DumpSchema):
    """A `PostView` in a widget."""

    id = fields.String(attribute="post.id")
    url = fields.Method("get_url")
    text = fields.String(attribute="post.text")
    html = fields.Method("get_html")
    created_at = Instant(attribute="post.created_at")
    edited_at = Instant(attribute="post.edited_at")
    in_reply_to_id = fields.String(attribute="post.in_reply_to_id")
    author = fields.Method("get_author")

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._authors = WidgetAuthorSchema(urls, is_signed_in=is_signed_in)

    def get_url(self, view: PostView) -> str:
        """Give the address of the post's page."""
        return self.urls.post(view)

    def get_html(self, view: PostView) -> str:
        """Give the text as HTML that is safe to put into any page."""
        return post_html(view.post, self.urls)

    def get_author(self, view: PostView) -> object:
        """Give the author."""
        return self._authors.dump(view.author)
