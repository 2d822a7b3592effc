"""Read the feeds of blogs, and post what is new: each entry once.

What is to be posted is stored with the blog first, in the write that remembers the
entries; then each is posted by an idempotency key of its own. So whichever process dies
when, the next one posts the rest, with the texts that were read then.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry
from kwip.domain.accounts.users import Viewer
from kwip.domain.clock import at, to_ms
from kwip.domain.errors import (
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
)
from kwip.domain.posting.blogs import (
    EVERY,
    MAX_A_DAY,
    MAX_AT_ONCE,
    MAX_FAILURES,
    MAX_OLD,
    RECENT,
    SAMPLES,
    Blog,
    BlogEntry,
    WaitingEntry,
    pause_after,
)
from kwip.domain.posting.posts import Draft
from kwip.domain.posting.sources import FEED
from kwip.services.backups.sources.items import ImportedKwip
from kwip.services.maintenance.progress import NoProgress
from kwip.services.outgoing.connections import FetchError
from kwip.services.outgoing.fetching import NO_COPY, Copy
from kwip.text.blogs import kwip_text
from kwip.text.web_pages import NAME_CHARS, cleaned

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.services.accounts.email_address import EmailAddress
    from kwip.services.backups.blogs.feed_reader import Feed, FeedReader
    from kwip.services.backups.kwips_import import KwipsImport
    from kwip.services.posting.posts import Posts
    from kwip.store.posting.blogs import BlogStore

log = structlog.get_logger()

#: Longer than a request and the posting of a few entries may take.
_LEASE = dt.timedelta(minutes=5)
#: How long the key of a posted entry is kept: for workers that stood still meanwhile.
_CLAIM_KEPT = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
#: Entries that cannot be posted are left out.
_REFUSED = (InvalidError, NotFoundError, GoneError, ForbiddenError)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogPosting:
    """The job of blogs. `is_on` says whether this site reads feeds."""

    store: BlogStore
    reader: FeedReader
    posts: Posts
    kwips: KwipsImport
    email_address: EmailAddress
    clock: ClockMs
    is_on: bool

    def settle(self, blog_id: int) -> str:
        """Read a feed if it is due, and post what is new; return the outcome.

        Safe to repeat at any point, by several workers at once.
        """
        now = at(self.clock())
        held = self.store.begin(blog_id, secrets.token_hex(8), now, now + _LEASE)
        if held is None:
            return "nothing"
        owner = self._owner(held)
        if owner is None or not self.is_on:
            self.store.end(held, {}, now + _DAY)
            return "stopped"
        if held.waiting:  # a worker died before it had posted all of them
            return self._post(held, owner)
        try:
            feed = self.reader.read(held.url, _copy_of(held))
        except FetchError as error:
            return self._failed(held, error, now)
        return self._take(held, owner, feed, now)

    def close(self) -> None:
        """End the child process that reads feeds, if there is one."""
        self.reader.close()

    def _owner(self, blog: Blog) -> Viewer | None:
        """Return the owner, if they may post."""
        found = self.posts.stores.users.get_many([blog.owner_id]).get(blog.owner_id)
        if found is None or found.is_suspended:
            return None
        viewer = Viewer.without_session(found.id, found.username)
        return None if self.email_address.is_lacking(viewer) else viewer

    def _failed(self, held: Blog, error: FetchError, now: dt.datetime) -> str:
        telemetry.BLOG_READINGS.labels(error.outcome).inc()
        failures = held.failures + 1
        is_over = failures >= MAX_FAILURES or error.outcome == "gone"
        values = {"failures": failures, "problem": error.outcome, "read_at": now}
        if is_over:
            values["is_paused"] = True
        self.store.end(held, values, None if is_over else now + pause_after(failures))
        return "failed"

    def _take(self, held: Blog, owner: Viewer, feed: Feed, now: dt.datetime) -> str:
        """Store what was read and what is to be posted of it, and post that."""
        telemetry.BLOG_READINGS.labels("same" if feed.is_same else "read").inc()
        values: dict[str, object] = {"read_at": now, "failures": 0, "problem": ""}
        if feed.is_same:
            self.store.end(held, values, self._next(now))
            return "nothing"
        if self._is_twice(held, feed):
            paused = {**values, "is_paused": True, "problem": "twice"}
            self.store.end(held, paused, None)
            return "failed"
        before: tuple[str, ...] = ()
        if not held.is_begun:  # it may have been here before, and removed
            found = self.store.posted_before(held.owner_id, feed.url)
            before = tuple(key for key in found if key not in held.posted)
            held = replace(held, posted=(*before, *held.posted))
        fresh = [each for each in feed.entries if each.key not in held.seen]
        waiting = self._chosen(held, feed, fresh, now)
        values |= {
            "url": feed.url,
            "title": cleaned(feed.title, max_chars=NAME_CHARS),
            "is_begun": True,
            "wants_old": False,
            "etag": feed.copy.etag,
            "modified": feed.copy.modified,
            "sample": [t for e in feed.entries[:SAMPLES] if (t := self._text(e))],
        }
        seen = [each.key for each in reversed(fresh)]
        noted = {"seen": seen, "posted": before}
        if not self.store.note(held, values, **noted, waiting=waiting):
            return "taken_over"
        return self._post(replace(held, waiting=tuple(waiting)), owner)

    def _is_twice(self, held: Blog, feed: Feed) -> bool:
        """Return whether its owner added a feed before, perhaps by another page."""
        others = self.store.of_owner(held.owner_id)
        return any(each.url == feed.url and each.id < held.id for each in others)

    def _chosen(
        self, held: Blog, feed: Feed, fresh: list[BlogEntry], now: dt.datetime
    ) -> list[WaitingEntry]:
        """Return what is to be posted of a feed: older entries first, if wanted."""
        new = self._new(held, fresh, now) if held.is_begun else []
        if not held.wants_old:
            return new
        done = {*held.posted, *(each.key for each in new)}
        old = [
            self._waiting(each, is_old=True)
            for each in feed.entries[:MAX_OLD]
            if each.written_ms and each.key not in done
        ]
        old.sort(key=lambda each: each.written_ms)
        return [*(each for each in old if each.text), *new]

    def _new(
        self, held: Blog, fresh: list[BlogEntry], now: dt.datetime
    ) -> list[WaitingEntry]:
        """Return which new entries are to be posted, oldest first."""
        recent_ms = to_ms(now - RECENT)
        spent = held.day_count if held.day == _day(now) else 0
        room = min(MAX_AT_ONCE, max(0, MAX_A_DAY - spent))
        new = [
            self._waiting(each, is_old=0 < each.written_ms < recent_ms)
            for each in fresh
        ]
        # Feeds begin with the newest.
        return [each for each in new if each.text][:room][::-1]

    def _waiting(self, entry: BlogEntry, *, is_old: bool) -> WaitingEntry:
        return WaitingEntry(
            key=entry.key,
            text=self._text(entry),
            written_ms=entry.written_ms,
            is_old=is_old,
        )

    def _text(self, entry: BlogEntry) -> str:
        """Return an entry as a kwip; "" for one of this site.

        A feed of kwips would post itself without end.
        """
        if entry.url.startswith(f"{self.posts.quoting.origin}/"):
            return ""
        return kwip_text(entry, max_chars=self.posts.texts.max_chars)

    def _post(self, held: Blog, owner: Viewer) -> str:
        """Post what waits, and end the lease."""
        for entry in held.waiting:
            if not self.store.holds(held) or self._owner(held) is None:
                return "taken_over"  # or paused, removed, or suspended meanwhile
            try:
                self._post_one(held, owner, entry)
            except _REFUSED as error:
                log.info("blog_entry_left_out", blog_id=held.id, why=error.message)
            self.store.posted(held.id, entry.key, _day(at(self.clock())))
        self.store.end(held, {}, self._next(at(self.clock())))
        return "done" if held.waiting else "nothing"

    def _post_one(self, held: Blog, owner: Viewer, entry: WaitingEntry) -> None:
        """Post an entry; again, it finds the first one's kwip."""
        key = f"blog:{held.id}:{entry.key}"
        if entry.is_old:
            kwip = ImportedKwip(key=key, written_ms=entry.written_ms, text=entry.text)
            self.kwips.run(owner, None, [kwip], NoProgress())
            return
        draft = Draft(
            text=entry.text, source=FEED, idempotency_key=key, keeps_claim=True
        )
        self.posts.publish(owner.id, draft)
        expires = at(self.clock()) + _CLAIM_KEPT
        self.posts.claims.store.expire(owner.id, key, expires)

    def _next(self, now: dt.datetime) -> dt.datetime:
        """Return when a feed is read again, a little later or earlier than others."""
        part = secrets.randbelow(200) - 100
        return now + EVERY + EVERY * part / 1_000


def _copy_of(blog: Blog) -> Copy:
    """Return what we have of a feed; nothing if all of it is needed."""
    is_whole = blog.is_begun and not blog.wants_old
    return Copy(blog.etag, blog.modified) if is_whole else NO_COPY


def _day(moment: dt.datetime) -> str:
    return moment.date().isoformat()
