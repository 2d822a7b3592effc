"""Feeds: what their entries say, whatever the format.

What a post says in a feed changes only when its author edits it: there are no counts,
and an entry's id is made of the post's. What its author covers stays covered: readers
show what they get, so an entry with a content warning has the warning and a link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup

from kwip.domain.clock import at
from kwip.domain.ids import PostId, ms_of
from kwip.domain.media.attachments import AttachmentKind, media_type
from kwip.domain.media.media import is_picture_name
from kwip.domain.timelines.pages import DEFAULT_LIMIT, PageRequest
from kwip.schemas.body import Id, StrictSchema
from kwip.schemas.emojis import post_shown
from kwip.schemas.html import plain_html
from kwip.schemas.timelines import parameters
from kwip.text.excerpts import excerpt
from kwip.text.translation import gettext, gettext_markup

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from kwip.domain.accounts.users import User
    from kwip.domain.media.attachments import Attachment
    from kwip.domain.moderation.guest_replies import GuestReply
    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.views import PostView
    from kwip.schemas.urls import Urls

#: The longest title made of a text, in characters.
TITLE_MAX = 80
#: The date of an empty feed that nobody began.
NO_TIME = at(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAuthor:
    """Who wrote an entry, or whose feed it is; a guest only has a name."""

    name: str
    url: str = ""
    avatar: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMedia:
    """A file of an entry; without a width and height if it is sound."""

    url: str
    type: str
    medium: str
    description: str
    width: int
    height: int
    duration_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A post or a repost in a feed.

    `has_title` is false if the title is only the beginning of the text.
    `in_reply_to` is the id and the address of what it replies to.
    """

    id: str
    url: str
    title: str
    has_title: bool
    html: str
    published: dt.datetime
    updated: dt.datetime
    author: FeedAuthor
    tags: tuple[str, ...]
    media: tuple[FeedMedia, ...]
    language: str | None
    in_reply_to: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAbout:
    """What a feed is of.

    `base` is its address without the ending for the format, `words` what it searches
    for, and `language` the one that its address names. `since` is its date while it has
    no entries.
    """

    title: str
    description: str
    page_url: str
    base: str
    icon: str
    words: str = ""
    language: str = ""
    author: FeedAuthor | None = None
    since: dt.datetime = NO_TIME

    def url(self, extension: str, page: PageRequest | None = None) -> str:
        """Return the address of a page of it, or of the whole.

        It depends on nothing else of the request, so that everybody gets the same.
        """
        query = {"q": self.words} if self.words else {}
        if page is not None and self.language:
            query["lang"] = self.language
        if page is not None and page.limit != DEFAULT_LIMIT:
            query["limit"] = str(page.limit)
        if page is not None and page.max_id is not None:
            query["before"] = str(page.max_id)
        asked = f"?{urlencode(query)}" if query else ""
        return f"{self.base}.{extension}{asked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A page of a feed: `first_url` is that of its newest entries."""

    about: FeedAbout
    id: str
    url: str
    first_url: str
    next_url: str | None
    entries: tuple[FeedEntry, ...]

    @property
    def updated(self) -> dt.datetime:
        """When an entry of this page was last written or edited."""
        return max((e.updated for e in self.entries), default=self.about.since)


class FeedQuery(StrictSchema["tuple[str, PageRequest]"]):
    """`limit` (1 to 40), `before` and `lang`; all others are rejected."""

    limit = parameters.limit()
    before = Id(load_default=None)
    lang = parameters.language()

    def make(
        self,
        *,
        limit: int,
        before: int | None,
        lang: str,  # noqa: ARG002 - read before
        text: str = "",
    ) -> tuple[str, PageRequest]:
        """Return what to search for, if anything, and the page."""
        return text, PageRequest(limit=limit, max_id=before)


class SearchFeedQuery(FeedQuery):
    """The parameters of every feed, and what to search for: `q`."""

    text = parameters.words()


def author_of(user: User, urls: Urls) -> FeedAuthor:
    """Return who somebody is in a feed."""
    return FeedAuthor(
        name=f"{user.name} (@{user.username})",
        url=urls.user(user.username),
        avatar=urls.avatar(user),
    )


def icon_of(user: User | None, urls: Urls) -> str:
    """Return a picture for a feed: readers show no SVG, so the generated one is not."""
    if user is None or not user.avatar or not is_picture_name(user.avatar):
        return urls.static("icon-512.png")
    return urls.avatar(user)


def entry_of(view: PostView, urls: Urls) -> FeedEntry:
    """Return what a feed shows of a post, or of a repost."""
    shown = view.shown
    post = shown.post
    title = _title(view)
    written_at = post.edited_at or post.created_at
    return FeedEntry(
        id=_id(view.post.id, urls),
        url=urls.post(shown),
        title=title or excerpt(post.text, TITLE_MAX) or gettext("Kwip"),
        has_title=bool(title),
        html=_html(view, urls),
        published=view.post.created_at,
        updated=max(view.post.created_at, written_at),
        author=author_of(shown.author, urls),
        tags=tuple(dict.fromkeys(hashtag.name for hashtag in post.hashtags)),
        media=() if _is_covered(post) else tuple(_media(post, urls)),
        language=post.language,
        in_reply_to=_in_reply_to(shown, urls),
    )


def entry_of_guest(reply: GuestReply, view: PostView, urls: Urls) -> FeedEntry:
    """Return what a feed shows of a guest's reply to a post."""
    post = view.post
    said = gettext_markup(
        '<p>Reply to <a href="%(url)s">@%(name)s</a>:</p>',
        url=urls.post(view),
        name=view.author.username,
    )
    text = plain_html(reply.text, urls).replace("<p>", '<p dir="auto">')
    return FeedEntry(
        id=_id(PostId(reply.id), urls),
        url=urls.guests(view),
        title=excerpt(reply.text, TITLE_MAX),
        has_title=False,
        html=str(said) + text,
        published=reply.created_at,
        updated=reply.created_at,
        author=FeedAuthor(name=f"{reply.name} ({gettext('Guest')})"),
        tags=(),
        media=(),
        language=None,
        in_reply_to=(_id(post.id, urls), urls.post(view)),
    )


def _is_covered(post: Post) -> bool:
    return bool(post.warning) or post.is_sensitive


def _id(post_id: PostId, urls: Urls) -> str:
    """Return a tag URI (RFC 4151): as old as its post, and the same after edits."""
    day = f"{at(ms_of(post_id)):%Y-%m-%d}"
    return f"tag:{urlsplit(urls.origin).hostname},{day}:kwip/{post_id}"


def _in_reply_to(shown: PostView, urls: Urls) -> tuple[str, str] | None:
    parent_id, username = shown.post.in_reply_to_id, shown.in_reply_to_username
    if parent_id is None or username is None:
        return None
    return _id(parent_id, urls), f"{urls.user(username)}/{parent_id}"


def _title(view: PostView) -> str:
    """Return a title that says more than the text; empty if there is none."""
    warning = view.shown.post.warning
    if view.reposted is None:
        return warning
    said = gettext(
        "%(name)s reposted %(author)s",
        name=view.author.name,
        author=view.shown.author.name,
    )
    about = warning or excerpt(view.shown.post.text, TITLE_MAX)
    return f"{said}: {about}" if about else said


def _media(post: Post, urls: Urls) -> Iterator[FeedMedia]:
    for it in post.media:
        yield FeedMedia(
            url=_file(post, it, urls),
            type=media_type(it.original),
            medium=_medium(it),
            description=it.description,
            width=it.width,
            height=it.height,
            duration_s=it.duration_s,
        )


def _file(post: Post, it: Attachment, urls: Urls) -> str:
    return urls.attachment(it, it.original, is_open=post.visibility.is_open)


def _medium(it: Attachment) -> str:
    """Return what readers know it as: a `gifv` is a video."""
    is_video = it.kind is AttachmentKind.GIFV
    return AttachmentKind.VIDEO.value if is_video else it.kind.value


def _html(view: PostView, urls: Urls) -> str:
    """Return the content: safe HTML with absolute addresses."""
    shown = view.shown
    parts = [_lead(view, urls), *_body(shown, urls)]
    if not shown.post.warning:
        parts += [*_files(shown.post, urls), _quote(shown, urls), _card(shown.post)]
    return "".join(parts)


def _lead(view: PostView, urls: Urls) -> Markup:
    """Return the line about a repost or a reply."""
    shown = view.shown
    if view.reposted is not None:
        return gettext_markup(
            '<p><a href="%(url)s">%(name)s</a> reposted'
            ' <a href="%(author_url)s">%(author)s</a>:</p>',
            url=urls.user(view.author.username),
            name=view.author.name,
            author_url=urls.user(shown.author.username),
            author=shown.author.name,
        )
    answered = _in_reply_to(shown, urls)
    if answered is None:
        return Markup("")
    return gettext_markup(
        '<p>Reply to <a href="%(url)s">@%(name)s</a>:</p>',
        url=answered[1],
        name=shown.in_reply_to_username,
    )


def _body(shown: PostView, urls: Urls) -> Iterator[str]:
    """Yield the text and the poll, or only the warning that covers them."""
    post = shown.post
    if post.warning:
        yield gettext_markup(
            '<p>%(warning)s</p><p><a href="%(url)s">Show this kwip</a></p>',
            warning=post.warning,
            url=urls.post(shown),
        )
        return
    # Each paragraph in the direction of its script.
    yield post_shown(post, urls).replace("<p>", '<p dir="auto">')
    if post.poll is not None:
        titles = (Markup("<li>{}</li>").format(title) for title in post.poll.titles)
        yield Markup("<ul>{}</ul>").format(Markup("").join(titles))


def _files(post: Post, urls: Urls) -> Iterator[Markup]:
    """Yield each file: a picture, or a link to what a reader must open itself."""
    names = {
        "image": gettext("Picture"),
        "video": gettext("Video"),
        "audio": gettext("Audio"),
    }
    for it in post.media:
        url, medium = _file(post, it, urls), _medium(it)
        name = names[medium]
        if post.is_sensitive:
            name = gettext("Sensitive content: %(name)s", name=name)
        if medium == "image" and not post.is_sensitive:
            yield Markup(
                '<p><img src="{}" alt="{}" width="{}" height="{}"></p>'
            ).format(url, it.description, it.width, it.height)
        else:
            about = f"{name}: {it.description}" if it.description else name
            yield Markup('<p><a href="{}">{}</a></p>').format(url, about)


def _quote(shown: PostView, urls: Urls) -> Markup:
    quoted = None if shown.quote is None else shown.quote.view
    if quoted is None:
        return Markup("")
    url, body = urls.post(quoted), "".join(_body(quoted, urls))
    return Markup(
        '<blockquote cite="{}"><p><a href="{}">{}</a>:</p>{}</blockquote>'
    ).format(url, url, quoted.author.name, Markup(body))  # noqa: S704 - made above


def _card(post: Post) -> Markup:
    it = post.preview
    if it is None:
        return Markup("")
    return Markup('<p><a href="{}">{}</a> ({})</p>').format(it.url, it.title, it.host)
