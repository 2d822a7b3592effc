"""Fetch feeds of other sites, and read them in a child process."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.services.media.converting.isolated import FailedError, Isolated, Limits
from kwip.services.outgoing.connections import FetchError
from kwip.services.outgoing.fetching import NO_COPY, Copy, Limit
from kwip.text.blogs import entries_of

if TYPE_CHECKING:
    from kwip.domain.posting.blogs import BlogEntry
    from kwip.services.outgoing.fetching import Fetched, Fetcher

_FEED = Limit(max_bytes=2_000_000)
#: Many servers know no better type than text.
_TYPES = {"application/": _FEED, "text/": _FEED}
#: A feed that was made to break its parser takes longer, and is unreadable.
_CHILD = Limits(memory_bytes=400_000_000, cpu_s=4, waiting=8, wait_s=20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as it is now; if it `is_same`, nothing has changed since the copy."""

    url: str
    title: str = ""
    entries: tuple[BlogEntry, ...] = ()
    copy: Copy = NO_COPY
    is_same: bool = False


class FeedReader:
    """Fetch and read feeds. Thread-safe."""

    def __init__(self, fetcher: Fetcher):
        self._fetcher = fetcher
        self._child = Isolated("kwip.services.backups.blogs.feed_child", _CHILD)

    def read(self, url: str, copy: Copy = NO_COPY) -> Feed:
        """Read the feed at an address, or the one that the page there names.

        Raises:
            FetchError: It cannot be fetched, or is no feed.
            StoreUnavailableError: Too many feeds are being read.
        """
        found, alternate = self._read(url, copy)
        if not alternate:
            return found
        named, other = self._read(alternate, NO_COPY)
        if other:
            raise FetchError("no_feed")
        return named

    def close(self) -> None:
        """End the child, if there is one."""
        self._child.close()

    def _read(self, url: str, copy: Copy) -> tuple[Feed, str]:
        fetched = self._fetcher.get(url, _TYPES, copy)
        if fetched.is_same:
            return Feed(url=url, copy=copy, is_same=True), ""
        return self._parsed(url, fetched)

    def _parsed(self, url: str, fetched: Fetched) -> tuple[Feed, str]:
        question = {"media_type": fetched.media_type, "url": fetched.url}
        try:
            answer, _ = self._child.run(question, io.BytesIO(fetched.content))
            # What comes from a child may be anything.
            entries, title = entries_of(answer), str(answer["title"])
            alternate = str(answer["alternate"])
        except (FailedError, TypeError, KeyError, ValueError) as error:
            raise FetchError("unreadable") from error
        if not (title or entries or alternate):
            raise FetchError("no_feed")
        return Feed(
            url=url, title=title, entries=tuple(entries), copy=fetched.copy
        ), alternate
