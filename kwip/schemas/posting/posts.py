"""Posts: Mastodon's Status and Context, and the bodies that write them."""

from __future__ import annotations

from functools import lru_cache
from sys import getsizeof
from typing import TYPE_CHECKING, Any

from marshmallow import fields, post_dump, validate

from kwip.domain.ids import PostId
from kwip.domain.memo import Remembered
from kwip.domain.posting.posts import Draft, QuotePolicy, ReplyPolicy, Visibility
from kwip.domain.posting.sources import API
from kwip.domain.timelines.pages import MAX_LIMIT
from kwip.domain.timelines.views import PostView
from kwip.schemas.accounts.users import AccountSchema
from kwip.schemas.body import BodySchema, Flag, Id, Ids, Text
from kwip.schemas.dumping import DumpSchema, Instant, to_text
from kwip.schemas.emojis import emojis_of_post
from kwip.schemas.filters import filter_results
from kwip.schemas.html import post_html
from kwip.schemas.policies import policy_field
from kwip.schemas.posting.attachments import (
    MediaAttachmentSchema,
    MediaIds,
    attachments_of,
)
from kwip.schemas.posting.link_previews import PreviewCardSchema
from kwip.schemas.posting.polls import PollField, PollSchema
from kwip.schemas.posting.quotes import (
    approval_text,
    quote_approval,
    reply_approval,
    reply_approval_text,
    shallow_quote,
)
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import User
    from kwip.domain.ids import AttachmentId
    from kwip.domain.posting.posts import Post
    from kwip.domain.social.keyword_filters import FilterMatch
    from kwip.schemas.urls import Urls

#: Mastodon's word for each visibility.
_WORDS = {
    Visibility.PUBLIC: "public",
    Visibility.UNLISTED: "unlisted",
    Visibility.FOLLOWERS: "private",
    Visibility.DIRECT: "direct",
}
_VISIBILITIES = {word: visibility for visibility, word in _WORDS.items()}
#: Language tags, and those with a Chinese script; not all of BCP 47.
_LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z"
_NOTHING_DONE = (False, False, False, False, False)
#: Memory of a process for encoded statuses, for signed-in viewers and others each; and
#: the size of one post with its author.
WRITTEN_BYTES, _SOURCE_BYTES = 2_000_000, 2_000
#: An account takes 2 kB, with the longest bio and profile fields 10.
_MOST_ACCOUNTS = 256


def _acts(view: PostView) -> tuple[bool, bool, bool, bool, bool]:
    """Return what a viewer did with a post, and whether its author has pinned it."""
    shown = view.shown
    reacted = (shown.is_favourited, shown.is_reposted, shown.is_bookmarked)
    return *reacted, view.is_pinned, shown.is_conversation_muted


def _viewer_flags(
    favourited: bool,  # noqa: FBT001 - as `_acts` gives them
    reblogged: bool,  # noqa: FBT001
    bookmarked: bool,  # noqa: FBT001
    pinned: bool,  # noqa: FBT001
    muted: bool,  # noqa: FBT001
    *,
    filtered: Sequence[FilterMatch] = (),
) -> dict[str, Any]:
    """Return what only signed-in viewers get of a post."""
    return {
        "favourited": favourited,
        "reblogged": reblogged,
        "muted": muted,
        "bookmarked": bookmarked,
        "pinned": pinned,
        "filtered": filter_results(filtered),
    }


@lru_cache(32)
def _flags_text(*acts: bool) -> str:
    return to_text(_viewer_flags(*acts))[1:]


#: A post and its author, and the two halves of their JSON.
_Written = tuple["Post", "User", str, str]


class StatusSchema(DumpSchema):
    """A `PostView` as Mastodon's Status. Every key is always there.

    What a viewer did with a post (`favourited` and so on) is only for signed-in
    viewers.
    """

    id = fields.String(attribute="post.id")
    created_at = Instant(attribute="post.created_at")
    edited_at = Instant(attribute="post.edited_at")
    in_reply_to_id = fields.String(attribute="post.in_reply_to_id")
    in_reply_to_account_id = fields.String(attribute="post.in_reply_to_author_id")
    sensitive = fields.Boolean(attribute="post.is_sensitive")
    spoiler_text = fields.String(attribute="post.warning")
    visibility = fields.Function(lambda view: _WORDS[view.post.visibility])
    language = fields.String(attribute="post.language")
    uri = fields.Method("get_url")
    url = fields.Method("get_url")
    content = fields.Method("get_content")
    replies_count = fields.Integer(attribute="post.replies_count")
    reblogs_count = fields.Integer(attribute="post.reposts_count")
    favourites_count = fields.Integer(attribute="post.favourites_count")
    quotes_count = fields.Integer(attribute="post.quotes_count")
    application = fields.Function(
        lambda view: {"name": view.post.source, "website": None}
    )
    account = fields.Method("get_account")
    mentions = fields.Method("get_mentions")
    reblog = fields.Method("get_reblog")
    poll = fields.Method("get_poll")
    quote = fields.Method("get_quote")
    quote_approval = fields.Function(quote_approval)
    reply_approval = fields.Function(reply_approval)
    media_attachments = fields.Method("get_media")
    tags = fields.Method("get_tags")
    emojis = fields.Method("get_emojis")
    card = fields.Method("get_card")

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        super().__init__(urls, is_signed_in=is_signed_in)
        # A page has few authors, and an account is a pure function of its user and of
        # the custom emoji.
        self._written = Remembered[tuple[int, int, str], _Written](WRITTEN_BYTES)
        self._poll = PollSchema(urls, is_signed_in=is_signed_in)
        self._media = MediaAttachmentSchema(urls, is_signed_in=is_signed_in)
        self._card = PreviewCardSchema(urls, is_signed_in=is_signed_in)
        accounts = AccountSchema(urls, is_signed_in=is_signed_in)
        self._account_of = lru_cache(maxsize=_MOST_ACCOUNTS)(
            lambda user, _emojis_version: accounts.dump(user)
        )

    def write(self, views: Sequence[PostView]) -> str:
        """Write many views as JSON text, joined from what is the same for all readers.

        The JSON of a post and its author is written once, as long as both stay the same
        values; what the viewer did with it, what it reposts and quotes, who may quote
        it and reply, and its poll are inserted.
        """
        return f"[{','.join(map(self._joined, views))}]"

    def _joined(self, view: PostView) -> str:
        head, tail = self._halves(view.post, view.author)
        reblog = "null" if view.reposted is None else self._joined(view.reposted)
        poll = "null" if view.post.poll is None else to_text(self.get_poll(view))
        quote = "null" if view.post.quote_of_id is None else self._quote_text(view)
        status = (
            f'{head},"reblog":{reblog},"poll":{poll},"quote":{quote},'
            f'"quote_approval":{approval_text(view)},'
            f'"reply_approval":{reply_approval_text(view)},{tail}'
        )
        if not self.is_signed_in:
            return f"{status}}}"
        if view.filtered:
            flags = _viewer_flags(*_acts(view), filtered=view.filtered)
            return f"{status},{to_text(flags)[1:]}"
        return f"{status},{_flags_text(*_acts(view))}"

    def _halves(self, post: Post, author: User) -> tuple[str, str]:
        """Write what is before `reblog` and after `reply_approval`, without braces."""
        key = (id(post), id(author), self.urls.emojis().version)
        known = self._written.get(key)
        if known is None:
            status = self.dump(PostView(post=post, author=author), many=False)
            at = list(status).index("reblog")
            flags = _viewer_flags(*_NOTHING_DONE)
            pairs = [(k, v) for k, v in status.items() if k not in flags]
            head, tail = to_text(dict(pairs[:at])), to_text(dict(pairs[at + 5 :]))
            # Both values are kept alive, so that their `id()`s are not reused.
            known = (post, author, head[:-1], tail[1:-1])
            size = _SOURCE_BYTES + getsizeof(known[2]) + getsizeof(known[3])
            # Signed addresses expire, and this memory does not.
            if post.visibility.is_open or not (post.media or post.preview):
                self._written.put(key, known, size)
        return known[2:]

    def _quote_text(self, view: PostView) -> str:
        quote = view.quote
        if quote is None or quote.view is None:
            return to_text(self.get_quote(view))
        status = self._joined(quote.view)
        return f'{{"state":"{quote.state.value}","quoted_status":{status}}}'

    def get_url(self, view: PostView) -> str:
        """Return the address of the post's page."""
        return self.urls.post(view)

    def get_content(self, view: PostView) -> str:
        """Return the text as HTML."""
        return post_html(view.post, self.urls)

    def get_account(self, view: PostView) -> object:
        """Return the author."""
        return self._account_of(view.author, self.urls.emojis().version)

    def get_emojis(self, view: PostView) -> object:
        """Return the custom emoji in the text, the warning and the poll."""
        return emojis_of_post(view.post, self.urls)

    def get_media(self, view: PostView) -> object:
        """Return the attachments, in order."""
        return self._media.dump(attachments_of(view.post), many=True)

    def get_mentions(self, view: PostView) -> list[dict[str, str]]:
        """Return each mentioned user once, in the order of the text."""
        names = {m.user_id: m.username for m in view.post.mentions}
        return [
            {
                "id": str(user_id),
                "username": name,
                "acct": name,
                "url": self.urls.user(name),
            }
            for user_id, name in names.items()
        ]

    def get_tags(self, view: PostView) -> list[dict[str, str]]:
        """Return each hashtag once, in the order of the text."""
        names = dict.fromkeys(hashtag.name for hashtag in view.post.hashtags)
        return [{"name": name, "url": self.urls.tag(name)} for name in names]

    def get_poll(self, view: PostView) -> object:
        """Return the poll, if there is one."""
        return None if view.post.poll is None else self._poll.dump(view, many=False)

    def get_card(self, view: PostView) -> object:
        """Return the preview of the first link, if there is one."""
        return None if view.post.preview is None else self._card.dump(view.post)

    def get_reblog(self, view: PostView) -> object:
        """Return the status that a repost reposts."""
        return None if view.reposted is None else self.dump(view.reposted, many=False)

    def get_quote(self, view: PostView) -> object:
        """Return what a status quotes: shown, or by its id inside another quote."""
        quote = view.quote
        if quote is None:
            return shallow_quote(view.post)
        shown = None if quote.view is None else self.dump(quote.view, many=False)
        return {"state": quote.state.value, "quoted_status": shown}

    @post_dump(pass_original=True)
    def _tell_viewer(
        self, status: dict[str, Any], view: PostView, **_: object
    ) -> dict[str, Any]:
        if not self.is_signed_in:
            return status
        return status | _viewer_flags(*_acts(view), filtered=view.filtered)


class DeletedStatusSchema(StatusSchema):
    """A status as it was, with its source `text`, so that it can be redrafted.

    Its attachments are private until they are posted again.
    """

    text = fields.String(attribute="post.text")

    def get_media(self, view: PostView) -> object:
        """Return the attachments, in order, at private addresses."""
        return self._media.dump(attachments_of(view.post, is_open=False), many=True)


class StatusSourceSchema(DumpSchema):
    """A `PostView` as Mastodon's StatusSource: what was typed."""

    id = fields.String(attribute="post.id")
    text = fields.String(attribute="post.text")
    spoiler_text = fields.String(attribute="post.warning")


class StatusesQuery(BodySchema[list[PostId]]):
    """`id[]`: the statuses to return; each once, in that order."""

    id = Ids(MAX_LIMIT)

    def make(self, *, id: list[PostId]) -> list[PostId]:  # noqa: A002 - its name
        """Return the ids."""
        return list(dict.fromkeys(id))


class StatusBody(BodySchema[Draft]):
    """A new status; what Kwip cannot store yet is rejected."""

    status = Text(load_default="", allow_none=True)
    visibility = fields.String(
        load_default=None,
        validate=validate.OneOf(
            _VISIBILITIES, error=lazy_gettext("Must be one of: {choices}.")
        ),
    )
    in_reply_to_id = Id(load_default=None)
    language = fields.String(
        load_default=None,
        validate=validate.Regexp(
            _LANGUAGE, error=lazy_gettext("This is not a language code.")
        ),
    )
    spoiler_text = Text(load_default="", allow_none=True)
    sensitive = Flag(load_default=False)
    media_ids = MediaIds()
    poll = PollField()
    quoted_status_id = Id(load_default=None, allow_none=True)
    quote_approval_policy = policy_field(QuotePolicy)
    reply_approval_policy = policy_field(ReplyPolicy)
    scheduled_at = fields.Raw(allow_none=True)

    def make(
        self,
        *,
        status: str | None,
        visibility: str | None,
        in_reply_to_id: int | None,
        media_ids: Sequence[AttachmentId] | None,
        **others: Any,
    ) -> Draft:
        """Build the draft; public by default."""
        return Draft(
            text=status or "",
            visibility=_VISIBILITIES[visibility or "public"],
            in_reply_to_id=None if in_reply_to_id is None else PostId(in_reply_to_id),
            source=API,
            language=others["language"],
            warning=others["spoiler_text"] or "",
            is_sensitive=others["sensitive"],
            attachment_ids=tuple(media_ids or ()),
            poll=others["poll"],
            quote_of_id=PostId(others["quoted_status_id"] or 0) or None,
            quote_policy=others["quote_approval_policy"],
            reply_policy=others["reply_approval_policy"],
        )
