"""The form for a kwip: alone, in home, or below its parent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import request

from kwip.blueprints.answers import placeholders
from kwip.blueprints.web.pages import own_user
from kwip.domain.ids import parse_id
from kwip.domain.posting.drafts import NEW, Continued
from kwip.domain.posting.polls import MAX_OPTIONS
from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy, Visibility
from kwip.domain.timelines.visibility import reply_visibility
from kwip.schemas.posting.forms import TO_MAX
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.accounts.users import User
    from kwip.domain.media.attachments import Attachment
    from kwip.domain.posting.drafts import SavedDraft
    from kwip.domain.posting.polls import NewPoll, Poll
    from kwip.domain.timelines.views import PostView

_VALUES = [visibility.value for visibility in Visibility]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSheet:
    """What the fields for a poll show; `expires_in` is in seconds."""

    options: tuple[str, ...] = ("",) * MAX_OPTIONS
    expires_in: str = "86400"
    is_multiple: bool = False
    hides_totals: bool = False

    @property
    def is_begun(self) -> bool:
        """Return whether anything of a poll was written."""
        return any(self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What the form for a kwip shows.

    `key` makes the kwip unique, however often the form is sent. `media` are uploads
    that are in no kwip yet. `choices` are the audiences to choose from: for a reply,
    none wider than its parent's. `quoted` is what the kwip quotes. `to` are the people
    whom a reply can address, and whether it does. `continued` is the saved draft that
    it continues, and `scheduled_at` the time that was chosen for it.
    """

    author: User
    parent: PostView | None = None
    quoted: PostView | None = None
    to: Mapping[str, bool] = field(default_factory=dict)
    text: str = ""
    warning: str = ""
    is_sensitive: bool = False
    media: tuple[Attachment, ...] = ()
    poll: PollSheet = field(default_factory=PollSheet)
    visibility: str = Visibility.PUBLIC.value
    quote_policy: str = QuotePolicy.PUBLIC.value
    reply_policy: str = ReplyPolicy.PUBLIC.value
    key: str = field(default_factory=placeholders.key)
    continued: Continued = NEW
    scheduled_at: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def choices(self) -> list[str]:
        """The audiences, from the widest to the narrowest."""
        if self.parent is None:
            return _VALUES
        return _VALUES[_VALUES.index(self.parent.post.visibility.value) :]


def blank_sheet(
    parent: PostView | None = None, quoted: PostView | None = None
) -> Sheet:
    """Return an empty form; a reply addresses everyone in its parent."""
    author = own_user()
    quoting, replying = author.quote_policy.value, author.reply_policy.value
    if parent is None:
        return Sheet(
            author=author, quoted=quoted, quote_policy=quoting, reply_policy=replying
        )
    visibility = reply_visibility(parent.post.visibility, Visibility.PUBLIC)
    return Sheet(
        author=author,
        parent=parent,
        to=dict.fromkeys(_others(parent, author.username), True),
        warning=parent.post.warning,
        visibility=visibility.value,
        quote_policy=quoting,
    )


def sheet_again(
    parent: PostView | None,
    wrong: Mapping[str, str],
    problem: str,
    media: tuple[Attachment, ...],
    quoted: PostView | None = None,
) -> Sheet:
    """Return the form with what was written and uploaded, and what is wrong with it."""
    sent, is_new_key = request.form, "key" in wrong
    fresh = Sheet(author=own_user())
    asked = sent.get("visibility", "")
    chosen = set(sent.getlist("to[]"))
    others = _others(parent, fresh.author.username) if parent else []
    return Sheet(
        author=fresh.author,
        parent=parent,
        quoted=quoted,
        to={name: name in chosen for name in others},
        text=sent.get("text", ""),
        warning=sent.get("warning", ""),
        is_sensitive="is_sensitive" in sent,
        media=media,
        poll=poll_again(),
        visibility=asked if asked in _VALUES else fresh.visibility,
        quote_policy=sent.get("quote_policy", fresh.quote_policy),
        reply_policy=sent.get("reply_policy", fresh.reply_policy),
        key=fresh.key if is_new_key else sent.get("key") or fresh.key,
        continued=_continued(),
        scheduled_at=sent.get("scheduled_at", ""),
        wrong=wrong,
        problem=problem,
    )


def draft_sheet(
    draft: SavedDraft,
    media: tuple[Attachment, ...],
    parent: PostView | None,
    quoted: PostView | None,
) -> Sheet:
    """Return the form with a saved draft in it, and what is wrong with it by now."""
    content, author = draft.content, own_user()
    problem = draft.problem
    if content.in_reply_to_id is not None and parent is None:
        problem = gettext("The kwip that you replied to isn't available any more.")
    elif len(media) < len(content.attachment_ids):
        problem = gettext("A file of this draft isn't available any more.")
    others = _others(parent, author.username) if parent else []
    return Sheet(
        author=author,
        parent=parent,
        quoted=quoted,
        to={name: name in content.to for name in others},
        text=content.text,
        warning=content.warning,
        is_sensitive=content.is_sensitive,
        media=media,
        poll=_poll_of(content.poll),
        visibility=content.visibility.value,
        quote_policy=content.quote_policy or author.quote_policy,
        reply_policy=content.reply_policy or author.reply_policy,
        continued=Continued(draft.id, draft.version),
        problem=problem,
    )


def _poll_of(poll: NewPoll | None) -> PollSheet:
    if poll is None:
        return PollSheet()
    seconds = PollSheet().expires_in if poll.duration_s is None else poll.duration_s
    return PollSheet(
        options=(*poll.titles, *PollSheet().options)[:MAX_OPTIONS],
        expires_in=str(seconds),
        is_multiple=poll.is_multiple,
        hides_totals=poll.hides_totals,
    )


def _continued() -> Continued:
    draft_id = parse_id(request.form.get("draft_id", ""))
    version = parse_id(request.form.get("draft_version", ""))
    return Continued(draft_id, version or 0)


def poll_sheet(poll: Poll | None) -> PollSheet:
    """Return the fields for the poll of a kwip that is edited."""
    if poll is None:
        return PollSheet()
    return PollSheet(
        options=(*poll.titles, *PollSheet().options)[:MAX_OPTIONS],
        expires_in="",
        is_multiple=poll.is_multiple,
        hides_totals=poll.hides_totals,
    )


def poll_again() -> PollSheet:
    """Return the fields for a poll with what was written."""
    sent = request.form
    options = [*sent.getlist("poll[options][]"), *PollSheet().options][:MAX_OPTIONS]
    return PollSheet(
        options=tuple(options),
        expires_in=sent.get("poll[expires_in]", PollSheet().expires_in),
        is_multiple="poll[multiple]" in sent,
        hides_totals="poll[hide_totals]" in sent,
    )


def _others(parent: PostView, username: str) -> list[str]:
    """Return the names of those who are in a conversation, its author first."""
    names = [parent.author.username, *(m.username for m in parent.post.mentions)]
    others = dict.fromkeys(name for name in names if name != username)
    return list(others)[:TO_MAX]
