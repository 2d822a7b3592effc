"""Saved drafts: what somebody has written, to be posted later or never."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Post

#: Of each user; those that are scheduled count separately.
MAX_DRAFTS = 50
#: How long a kwip can wait before it is posted, in seconds.
UNDO_S = (0, 5, 10, 20, 30)
#: The rules of Mastodon for what is scheduled: at least so far ahead, and how many.
MIN_AHEAD = dt.timedelta(minutes=5)
MAX_SCHEDULED, MAX_SCHEDULED_A_DAY = 300, 25
#: The furthest that something can be scheduled.
MAX_AHEAD = dt.timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDraft:
    """A draft on the server.

    `version` rises with each change. It is posted at `scheduled_at`, if it has one;
    while that `is_sending`, it cannot be changed. `problem` says why it could not be
    posted then.
    """

    id: int
    owner_id: UserId
    version: int
    content: Draft
    updated_at: dt.datetime
    scheduled_at: dt.datetime | None = None
    is_sending: bool = False
    problem: str = ""

    @property
    def publication_key(self) -> str:
        """The idempotency key with which it is posted, once for each version."""
        return f"draft:{self.id}:{self.version}"


class Continued(NamedTuple):
    """Which draft a form continues, and the version that it began with."""

    draft_id: int | None = None
    version: int = 0


#: A form that continues no draft.
NEW = Continued()


def is_empty(content: Draft) -> bool:
    """Return whether there is nothing to keep."""
    return not (
        content.text.strip()
        or content.warning.strip()
        or content.attachment_ids
        or content.poll
    )


def draft_of(post: Post) -> Draft:
    """Return what somebody would have written to post the same again."""
    poll = None
    if post.poll is not None:
        lasts = post.poll.expires_at - (post.edited_at or post.created_at)
        poll = NewPoll(
            titles=post.poll.titles,
            duration_s=max(0, round(lasts.total_seconds())),
            is_multiple=post.poll.is_multiple,
            hides_totals=post.poll.hides_totals,
        )
    return Draft(
        text=post.text,
        warning=post.warning,
        is_sensitive=post.is_sensitive,
        visibility=post.visibility,
        in_reply_to_id=post.in_reply_to_id,
        quote_of_id=post.quote_of_id if post.is_quote else None,
        quote_policy=post.quote_policy,
        reply_policy=post.reply_policy,
        language=post.language,
        source=post.source,
        attachment_ids=tuple(each.id for each in post.media),
        poll=poll,
        to=tuple(m.username for m in post.mentions if not m.is_in_text),
    )


def require_later(moment: dt.datetime, now: dt.datetime) -> None:
    """Check that a time is far enough ahead, and not too far.

    Raises:
        InvalidError: It is not.
    """
    if moment - now < MIN_AHEAD:
        says = lazy_gettext("Choose a time at least 5 minutes from now.")
    elif moment - now > MAX_AHEAD:
        says = lazy_gettext("Choose a time within the next five years.")
    else:
        return
    raise InvalidError(says, {"scheduled_at": says})
