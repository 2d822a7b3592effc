"""The versions of an edited post: Mastodon's StatusEdit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.domain.posting.posts import Revision
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.dumping import DumpSchema, Instant
from kwip.schemas.emojis import emojis_of_texts
from kwip.schemas.html import bio_html, post_html
from kwip.schemas.posting.attachments import MediaAttachmentSchema, attachments_of
from kwip.schemas.posting.quotes import shallow_quote

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User
    from kwip.domain.posting.posts import History, Post
    from kwip.schemas.posting.attachments import AttachmentView
    from kwip.schemas.urls import Urls


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a post's text, and what it quotes; the current one has `post`.

    Of its attachments, it has those that are still in the post.
    """

    author: User
    state: Revision
    quote: dict[str, object] | None
    media: list[AttachmentView]
    post: Post | None = None


def versions_of(author: User, history: History) -> list[Version]:
    """Return every text that a post had, oldest first, the current one last."""
    post = history.post
    written_at = post.edited_at or post.created_at
    titles = post.poll.titles if post.poll else ()
    present = Revision(post.text, written_at, post.warning, post.is_sensitive, titles)
    quote = shallow_quote(post)
    earlier = [
        Version(author, state, quote, attachments_of(replace(post, media=media)))
        for state in history.revisions
        for media in [history.media_of(state)]
    ]
    return [*earlier, Version(author, present, quote, attachments_of(post), post)]


class StatusEditSchema(DumpSchema):
    """A `Version` as Mastodon's StatusEdit. Only the current one has links."""

    content = fields.Method("get_content")
    spoiler_text = fields.String(attribute="state.warning")
    sensitive = fields.Boolean(attribute="state.is_sensitive")
    created_at = Instant(attribute="state.written_at")
    account = fields.Method("get_account")
    media_attachments = fields.Method("get_media")
    emojis = fields.Method("get_emojis")
    poll = fields.Method("get_poll")
    quote = fields.Raw()

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        self._accounts = AccountSchema(urls, is_signed_in=is_signed_in)
        self._media = MediaAttachmentSchema(urls, is_signed_in=is_signed_in)

    def get_content(self, version: Version) -> str:
        """Return the text as HTML."""
        if version.post is not None:
            return post_html(version.post, self.urls)
        return bio_html(version.state.text, self.urls)

    def get_media(self, version: Version) -> object:
        """Return its attachments, in order."""
        return self._media.dump(version.media, many=True)

    def get_poll(self, version: Version) -> object:
        """Return the options of the poll that it had, without counts."""
        titles = version.state.poll_titles
        return {"options": [{"title": each} for each in titles]} if titles else None

    def get_account(self, version: Version) -> object:
        """Return the author."""
        return self._accounts.dump(version.author)

    def get_emojis(self, version: Version) -> object:
        """Return the custom emoji in the text, the warning and the poll."""
        state = version.state
        texts = (state.text, state.warning, *state.poll_titles)
        return emojis_of_texts(self.urls, *texts)
