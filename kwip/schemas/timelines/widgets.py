"""Widgets: public JSON in a format of our own, version 1, and its parameters.

Keys may be added to version 1; none is removed, and none changes its meaning.
`kwip.schemas.timelines.widget_shapes` is the published schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError, fields, validate

from kwip.domain.clock import at
from kwip.domain.ids import ms_of
from kwip.domain.timelines.pages import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
from kwip.schemas.body import Id, StrictSchema, Text
from kwip.schemas.dumping import DumpSchema, Instant, instant
from kwip.schemas.emojis import (
    bio_shown,
    emojis_of_post,
    emojis_of_texts,
    emojis_of_user,
    post_shown,
)
from kwip.schemas.pages import Order
from kwip.schemas.posting.attachments import attachments_of
from kwip.schemas.posting.polls import WidgetPollSchema
from kwip.text.translation import gettext, lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.posts import Post
    from kwip.domain.timelines.views import PostView
    from kwip.domain.users import User
    from kwip.schemas.posting.attachments import AttachmentView
    from kwip.schemas.urls import Urls

VERSION = 1
_YES_OR_NO = {"invalid": lazy_gettext("Must be true or false.")}


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetRequest:
    """How many posts, after which one of the previous page, and which keys.

    Without `keys`, all of them. A user's replies and reposts can be left out.
    """

    limit: int
    before: int | None
    keys: frozenset[str]
    replies: bool = True
    reposts: bool = True
    is_active: bool = False
    as_of: int | None = None
    text: str = ""

    @property
    def page(self) -> PageRequest:
        """The page of a timeline."""
        return PageRequest(
            limit=self.limit,
            max_id=self.before,
            is_active=self.is_active,
            as_of=self.as_of,
        )


class WidgetAuthorSchema(DumpSchema):
    """A `User` next to a widget's post."""

    id = fields.String()
    username = fields.String()
    display_name = fields.String(attribute="name")
    url = fields.Method("get_url")
    avatar = fields.Method("get_avatar")
    emojis = fields.Method("get_emojis")

    def get_url(self, user: User) -> str:
        """Return the address of the user's page."""
        return self.urls.user(user.username)

    def get_avatar(self, user: User) -> str:
        """Return the address of the user's picture."""
        return self.urls.avatar(user)

    def get_emojis(self, user: User) -> object:
        """Return the custom emoji in the name."""
        return emojis_of_texts(self.urls, user.name)


class WidgetProfileSchema(WidgetAuthorSchema):
    """A `User` in a widget of its own."""

    banner = fields.Method("get_banner")
    html = fields.Method("get_html")
    lines = fields.Method("get_fields", data_key="fields")
    created_at = fields.Method("get_created_at")
    posts_count = fields.Integer()
    followers_count = fields.Integer()
    following_count = fields.Integer()

    def get_emojis(self, user: User) -> object:
        """Return the custom emoji in the whole profile."""
        return emojis_of_user(user, self.urls)

    def get_banner(self, user: User) -> str:
        """Return the address of the header picture."""
        return self.urls.banner(user)

    def get_html(self, user: User) -> str:
        """Return the bio as HTML that is safe in any page."""
        return bio_shown(user.bio, self.urls)

    def get_fields(self, user: User) -> list[dict[str, str]]:
        """Return the profile fields, with their values as safe HTML."""
        return [
            {"name": line.name, "html": bio_shown(line.value, self.urls)}
            for line in user.fields
        ]

    def get_created_at(self, user: User) -> str:
        """Return the time of a user's id, which is when they signed up."""
        return instant(at(ms_of(user.id)))


class WidgetMediaSchema(DumpSchema):
    """An `AttachmentView` in a widget; `preview` is null for sound."""

    type = fields.Function(lambda view: view.attachment.kind.value)
    url = fields.Method("get_url")
    preview = fields.Method("get_preview")
    width = fields.Integer(attribute="attachment.width")
    height = fields.Integer(attribute="attachment.height")
    description = fields.String(attribute="attachment.description")
    blurhash = fields.String(attribute="attachment.blurhash")

    def get_url(self, view: AttachmentView) -> str:
        """Return the address of the file."""
        it = view.attachment
        return self.urls.attachment(it, it.original, is_open=view.is_open)

    def get_preview(self, view: AttachmentView) -> str | None:
        """Return the address of a small picture of it."""
        it = view.attachment
        if it.preview is None:
            return None
        return self.urls.attachment(it, it.preview, is_open=view.is_open)


class WidgetCardSchema(DumpSchema):
    """A `Post` that has a link preview, in a widget; `image` may be null."""

    url = fields.String(attribute="preview.url")
    title = fields.String(attribute="preview.title")
    description = fields.String(attribute="preview.description")
    host = fields.String(attribute="preview.host")
    author_name = fields.String(attribute="preview.author_name")
    image = fields.Method("get_image")

    def get_image(self, post: Post) -> dict[str, object] | None:
        """Return our copy of the picture, with its size."""
        image = post.preview.image if post.preview else None
        if image is None:
            return None
        return {
            "url": self.urls.preview_image(post),
            "width": image.width,
            "height": image.height,
            "description": image.description,
            "blurhash": image.blurhash,
        }


class WidgetPostSchema(DumpSchema):
    """A `PostView` in a widget; for a repost, the original post.

    `cursor` is the value for `before`: the id of the post, or of the repost.
    """

    id = fields.String(attribute="shown.post.id")
    url = fields.Method("get_url")
    warning = fields.String(attribute="shown.post.warning")
    text = fields.String(attribute="shown.post.text")
    html = fields.Method("get_html")
    hashtags = fields.Method("get_hashtags")
    emojis = fields.Method("get_emojis")
    is_sensitive = fields.Boolean(attribute="shown.post.is_sensitive")
    media = fields.Method("get_media")
    poll = fields.Method("get_poll")
    card = fields.Method("get_card")
    created_at = Instant(attribute="shown.post.created_at")
    edited_at = Instant(attribute="shown.post.edited_at")
    in_reply_to_id = fields.String(attribute="shown.post.in_reply_to_id")
    replies_count = fields.Integer(attribute="shown.post.replies_count")
    reposts_count = fields.Integer(attribute="shown.post.reposts_count")
    favourites_count = fields.Integer(attribute="shown.post.favourites_count")
    author = fields.Method("get_author")
    reposted_by = fields.Method("get_reposted_by")
    quotes_count = fields.Integer(attribute="shown.post.quotes_count")
    quote = fields.Method("get_quote")
    cursor = fields.String(attribute="post.id")

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._authors = WidgetAuthorSchema(urls, is_signed_in=is_signed_in)
        self._media = WidgetMediaSchema(urls, is_signed_in=is_signed_in)
        self._poll = WidgetPollSchema(urls, is_signed_in=is_signed_in)
        self._card = WidgetCardSchema(urls, is_signed_in=is_signed_in)

    def get_url(self, view: PostView) -> str:
        """Return the address of the post's page."""
        return self.urls.post(view.shown)

    def get_html(self, view: PostView) -> str:
        """Return the text as HTML that is safe in any page."""
        return post_shown(view.shown.post, self.urls)

    def get_hashtags(self, view: PostView) -> list[dict[str, str]]:
        """Return each hashtag once, in the order of the text."""
        names = dict.fromkeys(hashtag.name for hashtag in view.shown.post.hashtags)
        return [{"name": name, "url": self.urls.tag(name)} for name in names]

    def get_emojis(self, view: PostView) -> object:
        """Return the custom emoji, for the text and the warning."""
        return emojis_of_post(view.shown.post, self.urls)

    def get_media(self, view: PostView) -> object:
        """Return the attachments, in order."""
        return self._media.dump(attachments_of(view.shown.post), many=True)

    def get_poll(self, view: PostView) -> object:
        """Return the poll, if there is one."""
        shown = view.shown
        return None if shown.post.poll is None else self._poll.dump(shown, many=False)

    def get_card(self, view: PostView) -> object:
        """Return the preview of the first link, if there is one."""
        post = view.shown.post
        return None if post.preview is None else self._card.dump(post)

    def get_author(self, view: PostView) -> object:
        """Return the author."""
        return self._authors.dump(view.shown.author)

    def get_reposted_by(self, view: PostView) -> object:
        """Return who reposted it, if it is shown because of that."""
        return None if view.reposted is None else self._authors.dump(view.author)

    def get_quote(self, view: PostView) -> object:
        """Return what it quotes; what that quotes itself is left out."""
        quote = view.shown.quote
        if quote is None:
            return None
        shown = None if quote.view is None else self.dump(quote.view, many=False)
        return {"state": quote.state.value, "post": shown}


class _Keys(fields.Field[frozenset[str]]):
    """Keys of a post, joined by commas."""

    def __init__(self) -> None:
        super().__init__(load_default=frozenset, data_key="fields")

    def _deserialize(
        self, value: object, *_args: object, **_kwargs: object
    ) -> frozenset[str]:
        keys = frozenset(value.split(",")) if isinstance(value, str) else frozenset()
        known = WidgetPostSchema._declared_fields  # noqa: SLF001 - marshmallow's own
        if not keys or keys - known.keys():
            message = gettext(
                "Must be some of these, separated by commas: %(keys)s.",
                keys=", ".join(known),
            )
            raise ValidationError(message)
        return keys


class ThreadWidgetQuery(StrictSchema[WidgetRequest]):
    """`limit` (1 to 40), `before`, `order` and `fields`; all others are rejected."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(
            1, MAX_LIMIT, error=lazy_gettext("Must be a number from 1 to {max}.")
        ),
    )
    before = Id(load_default=None)
    is_active = Order(("recent",))
    keys = _Keys()

    def make(self, **values: Any) -> WidgetRequest:
        """Build the request."""
        return WidgetRequest(**values)


class SearchWidgetQuery(ThreadWidgetQuery):
    """The parameters of every widget, and what to search for: `q`."""

    text = Text(
        required=True,
        data_key="q",
        error_messages={"required": lazy_gettext("Enter something to search for.")},
    )


class WidgetQuery(ThreadWidgetQuery):
    """The same for a timeline, which has an active order; `as_of` is set by us."""

    is_active = Order()
    as_of = Id(load_default=None)


class UserWidgetQuery(WidgetQuery):
    """The parameters of every widget, and `replies` and `reposts`."""

    replies = fields.Boolean(load_default=True, error_messages={**_YES_OR_NO})
    reposts = fields.Boolean(load_default=True, error_messages={**_YES_OR_NO})


class NoQuery(StrictSchema[None]):
    """No parameters at all."""

    def make(self) -> None:
        """Return nothing."""
