"""Repeats: a person says within a day once more what they have said already.

A repeat is folded into what it repeats: it is left out where a reader wants that. Two
posts say the same only if whoever may see one of them may see the other: so what is
left out never is all that somebody would have seen of it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.ids import first_id_at
from kwip.domain.posts import Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.ids import PostId
    from kwip.domain.posts import Post

#: So far apart, as ids, two posts may lie at most.
DAY = first_id_at(24 * 3_600_000)


class Said(NamedTuple):
    """What one post says, as a digest, and which one it repeats."""

    post_id: PostId
    digest: int | None
    repeats_id: PostId | None


def normal_form(text: str) -> str:
    """Give a text without what a reader does not see: compatible, spaces made one.

    Upper and lower case stay apart, for addresses differ in nothing else.
    """
    folded = unicodedata.normalize("NFKC", text)
    seen = (c for c in folded if unicodedata.category(c) != "Cf")
    return " ".join("".join(seen).split())


def digest_of(post: Post) -> int | None:
    """Give what a post says and to whom, as 64 bits with a sign.

    None where nothing is a repeat: reposts, tombstones, and what is for the people
    whom it names.
    """
    if post.repost_of_id or post.is_tombstone or post.visibility is Visibility.DIRECT:
        return None
    said = (
        post.visibility.value,
        str(post.in_reply_to_id or 0),
        ",".join(map(str, sorted(post.mentioned_ids))),
        normal_form(post.warning),
        normal_form(post.text),
    )
    digest = hashlib.blake2b("\n".join(said).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def settle(run: Iterable[Said]) -> Iterable[Said]:
    """Say anew of each post of an author which one it repeats: the last that said it.

    `run` is oldest first. What repeats a repeat is one as well, so a chain of them is
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
