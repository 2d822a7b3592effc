"""Widgets: public JSON in a format of our own, version 1.

Keys may be added to version 1; none is removed, and none changes its meaning.
`kwip.schemas.timelines.widget_shapes` is the published schema.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.domain.clock import at
from kwip.domain.ids import ms_of
from kwip.schemas.dumping import DumpSchema, Instant, instant
from kwip.schemas.emojis import (
    bio_shown,
    emojis_of_post,
    emojis_of_texts,
    emojis_of_user,
    post_shown,
)
from kwip.schemas.html import plain_html
from kwip.schemas.posting.attachments import attachments_of
from kwip.schemas.posting.polls import WidgetPollSchema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import User
    from kwip.domain.ids import PostId
    from kwip.domain.moderation.guest_replies import GuestReply
    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.views import PostView, ThreadPage
    from kwip.schemas.posting.attachments import AttachmentView
    from kwip.schemas.urls import Urls

VERSION = 1


class WidgetAuthorSchema(DumpSchema):
    """A `User` next to a widget's post."""

    id = fields.String()
    username = fields.String()
    display_name = fields.String(attribute="name")
    url = fields.Method("get_url")
    avatar = fields.Method("get_avatar")
    avatar_small = fields.Method("get_avatar_small")
    emojis = fields.Method("get_emojis")

    def get_url(self, user: User) -> str:
        """Return the address of the user's page."""
        return self.urls.user(user.username)

    def get_avatar(self, user: User) -> str:
        """Return the address of the user's picture."""
        return self.urls.avatar(user)

    def get_avatar_small(self, user: User) -> str:
        """Return the address of the same picture, for a line of text."""
        return self.urls.avatar(user, is_small=True)

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


class WidgetStatsSchema(DumpSchema):
    """The counts of a `User`."""

    id = fields.String()
    username = fields.String()
    created_at = fields.Function(lambda user: instant(at(ms_of(user.id))))
    posts_count = fields.Integer()
    followers_count = fields.Integer()
    following_count = fields.Integer()


class WidgetGuestSchema(DumpSchema):
    """A `GuestReply` below a thread, with the keys of a post that it can have.

    Its author has a name, and nobody could follow them.
    """

    id = fields.String()
    text = fields.String()
    html = fields.Method("get_html")
    created_at = Instant()
    author = fields.Function(lambda reply: {"display_name": reply.name})

    def get_html(self, reply: GuestReply) -> str:
        """Return the text as HTML that is safe in any page: it has no links."""
        return plain_html(reply.text, self.urls)


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

    `cursor` is the value for `before`: the id of the post, or of the repost; or of the
    favourite.
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
    cursor = fields.String()

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


def nest(
    page: ThreadPage, posts: Sequence[dict[str, object]]
) -> list[dict[str, object]]:
    """Put the posts of a thread's page into the `replies` of those they belong to."""
    replies: dict[PostId | None, list[dict[str, object]]] = defaultdict(list)
    top: list[dict[str, object]] = []
    for view, post in zip(page.items, posts, strict=True):
        parent_id = page.parents.get(view.post.id)
        siblings = top if parent_id is None else replies[parent_id]
        siblings.append(post | {"replies": replies[view.post.id]})
    return top
