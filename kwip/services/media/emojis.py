"""The custom emoji of the site: known to every process, changed by administrators.

Each process remembers the whole set. Its version is part of the fence, which every
process reads about once a second anyway; whoever sees another version reads the set
again. So showing an emoji costs no round trip, and a change is seen everywhere within a
second (docs/decisions/custom-emoji.md).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import structlog

from kwip.domain.errors import InvalidError, NotFoundError, StoreUnavailableError
from kwip.domain.media.emojis import (
    CATEGORY_MAX,
    EDGE,
    MOST,
    NO_EMOJIS,
    SHORTCODE,
    Emoji,
)
from kwip.domain.media.media import EMOJI
from kwip.domain.messages import lazy_gettext
from kwip.text.cleaning import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kwip.domain.clock import ClockMs
    from kwip.domain.media.emojis import EmojiSet
    from kwip.services.media.converting.pictures import DrawnEmoji, Pictures
    from kwip.services.media.media import Media
    from kwip.store.emojis import EmojiStore

log = structlog.get_logger()

_CODE = lazy_gettext("Use 2 to 64 letters (A to Z), digits and underscores.")
_MS_PER_S = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEmoji:
    """An emoji to add; problems are reported under `name`, for example its file's."""

    name: str
    shortcode: str
    file: IO[bytes]


class Emojis:
    """Return, add and remove the custom emoji.

    Args:
        store: Where they are.
        pictures: Draws their pictures.
        media: Stores these.
        version: What this process knows of the version of the set; no I/O.
        clock: For the age of files that are removed.
    """

    def __init__(
        self,
        store: EmojiStore,
        pictures: Pictures,
        media: Media,
        version: Callable[[], str | None],
        clock: ClockMs,
    ):
        self._store = store
        self._pictures = pictures
        self._media = media
        self._version = version
        self._clock = clock
        # Never a version: the first call reads the set.
        self._read_at: str | None = "-"
        self._known = NO_EMOJIS
        self._failed_at_ms = 0
        self._lock = threading.Lock()

    def current(self) -> EmojiSet:
        """Return the emoji in use; reads them only if this process must.

        One query after a change. If MongoDB does not answer, the set that is known.
        """
        if self._version() != self._read_at:
            with self._lock:
                self._read_again()
        return self._known

    def _read_again(self) -> None:
        # What is read now is at least as new as the version that is known now.
        version = self._version()
        has_just_failed = 0 <= self._clock() - self._failed_at_ms < _MS_PER_S
        if version == self._read_at or has_just_failed:
            return  # another thread has read it, or could not
        try:
            self._known = self._store.read()
        except StoreUnavailableError as error:
            log.warning("emojis_unreadable", **error.context)
            self._failed_at_ms = self._clock()
            return
        self._read_at = version

    def add(
        self,
        new: Sequence[NewEmoji],
        *,
        category: str = "",
        replaces: bool = False,
        also: Callable[[Any], None] = lambda _: None,
    ) -> None:
        """Add emoji, all or none, and do `also` in the same transaction.

        Without a `category`, those that are replaced keep theirs.

        Raises:
            InvalidError: Something is wrong; `fields` has each problem under the name
                of the emoji, or `category`. Nothing is stored.
            ConflictError: Someone else changed the emoji meanwhile.
            StorageFullError: The disk is full.
            StoreUnavailableError: The folder cannot be written to.
        """
        known = self._store.read()
        category = _clean_category(category)
        wrong = _problems(new, {} if replaces else known.by_code)
        drawn: dict[str, DrawnEmoji] = {}
        for each in new:
            if each.name not in wrong:
                try:
                    drawn[each.shortcode] = self._pictures.draw_emoji(each.file)
                except InvalidError as error:
                    wrong[each.name] = " ".join(error.fields.values())
        if len({*known.by_code, *drawn}) > MOST:
            raise InvalidError(
                lazy_gettext(
                    "A site can have up to %(limit)s emoji.", limit=f"{MOST:,}"
                )
            )
        if wrong:
            raise InvalidError(lazy_gettext("No emoji was added."), wrong)
        old = known.by_code
        made = {
            code: self._saved(
                code, each, category or (old[code].category if code in old else "")
            )
            for code, each in drawn.items()
        }
        self._replace(known, {**old, **made}, also)

    def remove(
        self, codes: Sequence[str], also: Callable[[Any], None] = lambda _: None
    ) -> None:
        """Remove emoji and their files, all or none; do `also` with that.

        Raises:
            NotFoundError: There is no such emoji. Nothing is removed.
            ConflictError: Someone else changed the emoji meanwhile.
            StoreUnavailableError: The folder cannot be reached.
        """
        known = self._store.read()
        unknown = [code for code in codes if code not in known.by_code]
        if unknown:
            raise NotFoundError(
                lazy_gettext("There is no emoji :%(name)s:.", name=unknown[0])
            )
        kept = {e.shortcode: e for e in known if e.shortcode not in codes}
        self._replace(known, kept, also)

    def stored(self) -> EmojiSet:
        """Read the set from the database; one query."""
        return self._store.read()

    def _saved(self, code: str, drawn: DrawnEmoji, category: str) -> Emoji:
        picture, still = (
            self._media.save({EDGE: content})
            for content in (drawn.picture, drawn.still)
        )
        return Emoji(code, picture, still, drawn.width, drawn.height, category)

    def _replace(
        self,
        known: EmojiSet,
        kept: Mapping[str, Emoji],
        also: Callable[[Any], None],
    ) -> None:
        """Store another set, then remove the pictures that none of its emoji has."""
        after = self._store.replace(known, kept.values(), also)
        with self._lock:
            self._known = after  # this process sees it at once
        asked_s = self._clock() / _MS_PER_S
        for name in _pictures(known) - _pictures(after):
            self._media.remove(EMOJI, name, older_than_s=asked_s)


def _pictures(emojis: EmojiSet) -> set[str]:
    return {name for each in emojis for name in (each.picture, each.still)}


def _clean_category(text: str) -> str:
    cleaned = one_line(text, field="category")
    if len(cleaned) > CATEGORY_MAX:
        raise InvalidError(
            lazy_gettext("No emoji was added."),
            {
                "category": lazy_gettext(
                    "Up to %(limit)s characters.", limit=CATEGORY_MAX
                )
            },
        )
    return cleaned


def _problems(new: Sequence[NewEmoji], taken: Iterable[str]) -> dict[str, str]:
    """Return what is wrong with short codes, by the names of the new emoji."""
    wrong: dict[str, str] = {}
    seen = dict.fromkeys(taken, "")
    for each in new:
        code = each.shortcode
        if not SHORTCODE.fullmatch(code):
            wrong[each.name] = lazy_gettext(
                ":%(code)s: can't be a short code. %(hint)s", code=code, hint=_CODE
            )
        elif code in seen:
            first = seen[code]
            wrong[each.name] = (
                lazy_gettext("%(name)s has the same short code.", name=first)
                if first
                else lazy_gettext(
                    ":%(code)s: exists already. Use --replace to replace it.",
                    code=code,
                )
            )
        else:
            seen[code] = each.name
    return wrong
