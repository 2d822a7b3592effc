"""Check reactions, hashtags and pins for inconsistencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.posts import IMPORTED, Visibility
from kwip.store.client import translated
from kwip.store.paging import page_after, present

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kwip.store.client import Document, Store

_TAGGED = {
    "tags": 1,
    "hashtags.name": 1,
    "visibility": 1,
    "is_tombstone": 1,
    "source": 1,
}


class ReactionRow(NamedTuple):
    """A reaction: user, post, and for a repost its own post (else None)."""

    id: str
    user_id: UserId
    post_id: PostId
    repost_id: PostId | None


class ReactionAuditStore:
    """Pages, and second checks in one snapshot."""

    def __init__(self, store: Store):
        self._store = store
        self._reactions = store.database["reactions"]
        self._posts = store.database["posts"]
        self._users = store.database["users"]

    @translated()
    def reactions_after(self, after: str, limit: int) -> list[ReactionRow]:
        """Page all reactions by name."""
        fields = {"user_id": 1, "post_id": 1, "repost_id": 1}
        found = page_after(self._reactions, {}, after, limit, fields)
        return [_row(d) for d in found]

    @translated()
    def wrong_among(self, rows: Sequence[ReactionRow]) -> list[ReactionRow]:
        """Return which reactions refer to a user or post that does not exist."""
        problems = self._problems(rows)
        return [row for row in rows if problems[row.id]]

    def confirm_reaction(self, reaction_id: str) -> str:
        """Describe what is wrong with a reaction, in one snapshot; "" if nothing is.

        A repost whose post is not stored yet looks like one whose post is lost.
        """

        def look(session: Any) -> str:
            found = self._reactions.find_one({"_id": reaction_id}, session=session)
            if found is None:
                return ""
            return self._problems([_row(found)], session)[reaction_id]

        return self._store.transact(look)

    def _problems(
        self, rows: Sequence[ReactionRow], session: Any = None
    ) -> dict[str, str]:
        users = present(self._users, {row.user_id for row in rows}, session)
        posts = present(self._posts, {row.post_id for row in rows}, session)
        reposts = present(
            self._posts,
            {row.repost_id for row in rows if row.repost_id is not None},
            session,
            is_tombstone=False,
        )
        return {row.id: _problem(row, users, posts, reposts) for row in rows}

    @translated()
    def tagged_after(self, after: int, limit: int) -> tuple[int, int, list[PostId]]:
        """Page posts: the last id, how many, and those whose `tags` are wrong."""
        page = list(page_after(self._posts, {}, after, limit, _TAGGED))
        last = page[-1]["_id"] if page else after
        return last, len(page), [PostId(d["_id"]) for d in page if _is_mistagged(d)]

    @translated()
    def mistagged_among(self, ids: Sequence[PostId]) -> list[PostId]:
        """Return which posts have `tags` that do not match their hashtags."""
        found = self._posts.find({"_id": {"$in": list(ids)}}, _TAGGED)
        return [PostId(d["_id"]) for d in found if _is_mistagged(d)]

    @translated()
    def pins_after(
        self, after: int, limit: int
    ) -> tuple[int, int, dict[UserId, list[PostId]]]:
        """Page users: the last id, how many, and the pins of those who have any."""
        page = list(page_after(self._users, {}, after, limit, {"pinned_ids": 1}))
        last = page[-1]["_id"] if page else after
        pins = {UserId(d["_id"]): d.get("pinned_ids", []) for d in page}
        return last, len(page), {i: found for i, found in pins.items() if found}

    @translated()
    def not_by(self, author_id: UserId, ids: Sequence[PostId]) -> list[PostId]:
        """Return which posts do not exist or have another author."""
        own = present(self._posts, ids, author_id=author_id)
        return [post_id for post_id in ids if post_id not in own]


def _row(d: Document) -> ReactionRow:
    return ReactionRow(d["_id"], d["user_id"], d["post_id"], d.get("repost_id"))


def _problem(
    row: ReactionRow, users: set[Any], posts: set[Any], reposts: set[Any]
) -> str:
    if row.user_id not in users:
        return "its user does not exist"
    if row.post_id not in posts:
        return "its post does not exist"
    if row.repost_id is not None and row.repost_id not in reposts:
        return "its repost does not exist"
    return ""


def _is_mistagged(d: Document) -> bool:
    is_found = (
        d["visibility"] == Visibility.PUBLIC
        and not d["is_tombstone"]
        and d.get("source") != IMPORTED
    )
    names: Iterable[str] = (x["name"] for x in d.get("hashtags", ()))
    wanted = list(dict.fromkeys(names)) if is_found else []
    return bool(d.get("tags", []) != wanted)
