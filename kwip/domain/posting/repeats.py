"""Repeats: an author says the same again within a day.

A repeat is folded into what it repeats: it is left out if the reader wants that. Two
posts only count as the same if the same people may see them, so a post is never left
out for a reader who cannot see the other one.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.ids import first_id_at
from kwip.domain.posting.posts import Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post

#: The maximum distance of two posts, as ids.
DAY = first_id_at(24 * 3_600_000)


class Said(NamedTuple):
    """What one post says, as a digest, and which post it repeats."""

    post_id: PostId
    digest: int | None
    repeats_id: PostId | None


def normal_form(text: str) -> str:
    """Normalise a text to what a reader sees: compatibility forms, single spaces.

    Case is kept, because links may differ in nothing else.
    """
    folded = unicodedata.normalize("NFKC", text)
    seen = (c for c in folded if unicodedata.category(c) != "Cf")
    return " ".join("".join(seen).split())


def digest_of(post: Post) -> int | None:
    """Return a digest of what a post says and to whom, as a signed 64-bit number.

    None for posts that never repeat: reposts, tombstones, and direct posts.
    """
    if post.repost_of_id or post.is_tombstone or post.visibility is Visibility.DIRECT:
        return None
    said = (
        post.visibility.value,
        str(post.in_reply_to_id or 0),
        ",".join(map(str, sorted(post.mentioned_ids))),
        normal_form(post.warning),
        normal_form(post.text),
        *(f"{a.file} {a.description}" for a in post.media),
        *([f"quote {post.quote_of_id}"] if post.quote_of_id else ()),
        *(option.title for option in (post.poll.options if post.poll else ())),
    )
    digest = hashlib.blake2b("\n".join(said).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def settle(run: Iterable[Said]) -> Iterable[Said]:
    """Update which post each of an author's repeats: the last that says the same.

    `run` is oldest first. A repeat can be repeated as well, so a chain of them is
    folded into its first.
    """
    last: dict[int, PostId] = {}
    for one in run:
        repeats_id = None
        if one.digest is not None:
            before = last.get(one.digest)
            if before is not None and one.post_id - before < DAY:
                repeats_id = before
            last[one.digest] = one.post_id
        yield one._replace(repeats_id=repeats_id)
