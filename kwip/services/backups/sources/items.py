"""What every source makes of its files: kwips that are to be imported."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from kwip.domain.ids import PostId, first_id_at, ms_of, slot_of
from kwip.domain.messages import Message, lazy_gettext
from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy, Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kwip.domain.ids import UserId

#: Ids that are tried for one kwip, if others have the first ones.
_TRIES = 64
_SEQS = 16
_KEY_BYTES = 12
#: Why reposts are left out.
REPOST = lazy_gettext("Reposts aren't imported.")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file of a kwip: its name in the archive, and its description."""

    member: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedKwip:
    """A kwip as another site had it.

    Attributes:
        key: Its id there, with the kind of the site: the same in every archive.
        written_ms: When it was written; milliseconds that are unknown are 0.
        id_hint: An id in our layout that it had, or 0.
        reply_to: The key of what it replies to; it may be somebody else's.
        quote_of: The key of what it quotes.
        left_out: Why it cannot be imported, or "".
    """

    key: str
    written_ms: int
    text: str
    id_hint: int = 0
    warning: str = ""
    is_sensitive: bool = False
    visibility: Visibility = Visibility.PUBLIC
    quote_policy: QuotePolicy = QuotePolicy.PUBLIC
    reply_policy: ReplyPolicy = ReplyPolicy.PUBLIC
    language: str | None = None
    reply_to: str | None = None
    quote_of: str | None = None
    files: tuple[ImportedFile, ...] = field(default=())
    left_out: str = ""

    @property
    def nonce(self) -> str:
        """What its post is known by, so that a repeated import finds it."""
        return f"import:{_digest(self.key).hex()}"

    def ids(self, author_id: UserId) -> Iterator[PostId]:
        """Iterate over the ids that it may get here, always in the same order.

        They have the millisecond in which it was written, or one that its key gives if
        only the second is known; the author's slot; and a `seq` that its key gives. If
        another post has such an id, the next ones are tried.
        """
        digest = _digest(self.key)
        written_ms, seq = self.written_ms, digest[0] % _SEQS
        if self.id_hint and ms_of(self.id_hint) // 1_000 == written_ms // 1_000:
            written_ms, seq = ms_of(self.id_hint), self.id_hint % _SEQS
        elif written_ms % 1_000 == 0:
            written_ms += int.from_bytes(digest[1:3], "big") % 1_000
        slot = slot_of(author_id) << 4
        for tried in range(_TRIES):
            ms = written_ms + (seq + tried) // _SEQS
            yield PostId(first_id_at(ms) | slot | (seq + tried) % _SEQS)


def poll_lines(options: Iterable[tuple[object, object]]) -> str:
    """Return the options of a poll as lines of a text, with their votes if it has any.

    A poll of old has an end in the past, and nobody's vote is known.
    """
    found = [(str(title), max(0, int(str(votes)))) for title, votes in options]
    if not any(votes for _, votes in found):
        return "\n".join(f"- {title}" for title, _ in found)
    return "\n".join(f"- {title}: {votes}" for title, votes in found)


def unreadable(number: int, name: str, error: Exception) -> Message:
    """Return why an entry of a file is left out; the first one has the number 1."""
    return lazy_gettext(
        "Entry %(number)s of %(file)s can't be read (%(error)s).",
        number=number,
        file=name,
        error=type(error).__name__,
    )


def language_of(value: object) -> str | None:
    """Return a language code; None for what is none."""
    is_known = isinstance(value, str) and _LANGUAGE.fullmatch(value)
    return str(value) if is_known else None


def _digest(key: str) -> bytes:
    encoded = key.encode("utf-8", "surrogatepass")
    return blake2b(encoded, digest_size=_KEY_BYTES).digest()
