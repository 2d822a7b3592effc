"""The counters of users and posts, next to what they count.

A counter changes in the transaction that changes what it counts. A recount reads in one
snapshot and writes in the same transaction, so if the counter moves meanwhile, the
recount is repeated: the result is exact on a running site.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from pymongo import ASCENDING

from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.reactions import Act
from kwip.store.client import translated
from kwip.store.paging import page_after
from kwip.store.posting.post_documents import to_poll
from kwip.store.social.edges import PRESENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pymongo.database import Database

    from kwip.domain.posting.polls import Poll
    from kwip.domain.posting.posts import Post
    from kwip.store.client import Document, Store

_COUNTED = {"is_tombstone": False}
_ON_POSTS = ("replies_count", "reposts_count", "favourites_count", "quotes_count")
_ON_USERS = ("posts_count", "followers_count", "following_count", "requests_count")


def count(database: Database[Document], post: Post, by: int, session: Any) -> None:
    """Add `by` to the counters of a post's author, parent, original and quoted post.

    Must run in the transaction that stores the post or makes it a tombstone. Counters
    do not raise `version`: an edit need not start over because of a reply. The most
    contended document is written last, so that it is locked only for the commit.
    """
    database["users"].update_one(
        {"_id": post.author_id}, {"$inc": {"posts_count": by}}, session=session
    )
    for post_id, counter in counted(post):
        database["posts"].update_one(
            {"_id": post_id}, {"$inc": {counter: by}}, session=session
        )


def counted(post: Post) -> Iterator[tuple[PostId, str]]:
    """Iterate over the other posts that count this one, and the counters there."""
    if post.counted_on_id is not None:
        kind = "replies_count" if post.in_reply_to_id else "reposts_count"
        yield post.counted_on_id, kind
    if post.is_quote and post.quote_of_id is not None:
        yield post.quote_of_id, "quotes_count"


def count_quote(
    database: Database[Document], post: Post, by: int, session: Any
) -> None:
    """Add `by` to the quotes of the post that a quote shows, in a transaction."""
    database["posts"].update_one(
        {"_id": post.quote_of_id}, {"$inc": {"quotes_count": by}}, session=session
    )


class UserCounts(NamedTuple):
    """A user's counters, as stored or as they should be."""

    posts: int
    followers: int
    following: int
    requests: int = 0

    def stored(self) -> dict[str, int]:
        """Return them by the fields of the document."""
        return dict(zip(_ON_USERS, self, strict=True))


class PostCounts(NamedTuple):
    """A post's counters, as stored or as they should be; `votes` as `Poll.counts`."""

    replies: int
    reposts: int
    favourites: int
    quotes: int
    votes: tuple[int, ...] = ()

    def stored(self) -> dict[str, int]:
        """Return them by the fields of the document."""
        options = range(len(self.votes) - 1)
        of_poll = ["poll.voters", *(f"poll.options.{n}.votes" for n in options)]
        counts = dict(zip(_ON_POSTS, self[:4], strict=True))
        return counts | dict(zip(of_poll, self.votes, strict=False))


class Answer(NamedTuple):
    """A post's place in its conversation, and its poll.

    `is_counted` if it counts as a reply.
    """

    post_id: PostId
    root_id: PostId
    parent_id: PostId | None
    counts: PostCounts
    is_counted: bool
    poll: Poll | None


class CounterStore:
    """Recounts; methods whose names begin with `settle_` read in one snapshot."""

    def __init__(self, store: Store):
        self._store = store
        database = store.database
        self._users = database["users"]
        self._posts = database["posts"]
        self._follows = database["follows"]
        self._followers = database["followers"]
        self._requests = database["follow_requests"]
        self._reactions = database["reactions"]

    @translated()
    def users_after(self, after: int, limit: int) -> dict[UserId, UserCounts]:
        """Page the stored counters of users."""
        fields = dict.fromkeys(_ON_USERS, 1)
        return {
            UserId(d["_id"]): _user_counts(d)
            for d in page_after(self._users, {}, after, limit, fields)
        }

    @translated()
    def counted_between(self, low: int, high: int) -> dict[UserId, UserCounts]:
        """Count for users between two ids, inclusive; users with nothing are absent."""
        return self._count({"$gte": low, "$lte": high})

    def settle_user(
        self, user_id: UserId, *, repairs: bool = False
    ) -> tuple[UserCounts, UserCounts] | None:
        """Return a user's counters, stored and correct; set them if asked."""

        def look(session: Any) -> tuple[UserCounts, UserCounts] | None:
            user = self._users.find_one({"_id": user_id}, session=session)
            if user is None:
                return None
            none = UserCounts(0, 0, 0)
            right = self._count(user_id, session).get(user_id, none)
            said = _user_counts(user)
            if repairs and said != right:
                self._users.update_one(
                    {"_id": user_id}, {"$set": right.stored()}, session=session
                )
            return said, right

        return self._store.transact(look)

    def _count(self, users: object, session: Any = None) -> dict[UserId, UserCounts]:
        posts = Counter(
            d["author_id"]
            for d in self._posts.find(
                {"author_id": users, **_COUNTED}, {"author_id": 1}, session=session
            )
        )
        followers = _group(self._followers, "followee_id", users, session)
        following = _group(self._follows, "follower_id", users, session, state=PRESENT)
        requests = _group(self._requests, "followee_id", users, session)
        return {
            UserId(i): UserCounts(posts[i], followers[i], following[i], requests[i])
            for i in posts.keys()
            | followers.keys()
            | following.keys()
            | requests.keys()
        }

    @translated()
    def answers_after(self, place: tuple[int, int], limit: int) -> list[Answer]:
        """Page all posts by (conversation, id) above a place."""
        root_id, post_id = place
        fields = {
            **dict.fromkeys(_ON_POSTS, 1),
            "root_id": 1,
            "in_reply_to_id": 1,
            "is_tombstone": 1,
            "poll": 1,
        }
        # With the driver's `min` the scan starts where the last page ended.
        found = (
            self._posts.find({}, fields)
            .min([("root_id", root_id), ("_id", post_id + 1)])
            .hint([("root_id", ASCENDING), ("_id", ASCENDING)])
            .limit(limit)
        )
        return [
            Answer(
                PostId(d["_id"]),
                PostId(d["root_id"]),
                d["in_reply_to_id"],
                _post_counts(d),
                _is_counted(d),
                _poll_of(d),
            )
            for d in found
        ]

    @translated()
    def reacted_on(self, ids: Sequence[PostId]) -> dict[PostId, tuple[int, int, int]]:
        """Count reposts, favourites and quotes of posts; four queries. No zeros."""
        return self._reacted(ids)

    def _reacted(
        self, ids: Sequence[PostId], session: Any = None
    ) -> dict[PostId, tuple[int, int, int]]:
        wanted = {"$in": list(ids)}
        favourites = _group(
            self._reactions, "post_id", wanted, session, act=Act.FAVOURITE.value
        )
        claims = self._reactions.find(
            {"post_id": wanted, "act": Act.REPOST.value},
            {"repost_id": 1},
            session=session,
        )
        reposts = Counter(
            d["repost_of_id"]
            for d in self._posts.find(
                {"_id": {"$in": [d["repost_id"] for d in claims]}, **_COUNTED},
                {"repost_of_id": 1},
                session=session,
            )
        )
        quotes = _group(self._posts, "quote_of_id", wanted, session, is_quote=True)
        return {
            PostId(i): (reposts[i], favourites[i], quotes[i])
            for i in reposts.keys() | favourites.keys() | quotes.keys()
        }

    @translated()
    def votes_on(self, polls: Mapping[PostId, Poll]) -> dict[PostId, tuple[int, ...]]:
        """Count the votes in polls as `Poll.counts`; one query."""
        return self._votes(polls)

    def _votes(
        self, polls: Mapping[PostId, Poll], session: Any = None
    ) -> dict[PostId, tuple[int, ...]]:
        counts = {i: [0] * len(poll.counts) for i, poll in polls.items()}
        ballots = self._reactions.find(
            {"post_id": {"$in": list(polls)}, "act": Act.VOTE.value},
            {"post_id": 1, "ballot": 1},
            session=session,
        )
        for d in ballots:
            poll, found = polls[d["post_id"]], counts[d["post_id"]]
            chosen = poll.choices(d["ballot"])
            found[0] += bool(chosen)
            for each in chosen:
                if each < len(poll.options):  # else the ballot is broken
                    found[1 + each] += 1
        return {i: tuple(counted) for i, counted in counts.items()}

    def settle_post(
        self, post_id: PostId, *, repairs: bool = False
    ) -> tuple[PostCounts, PostCounts] | None:
        """Return a post's counters, stored and correct; set them if asked."""

        def look(session: Any) -> tuple[PostCounts, PostCounts] | None:
            post = self._posts.find_one({"_id": post_id}, session=session)
            if post is None:
                return None
            thread = self._posts.find(
                {"root_id": post["root_id"]},
                {"in_reply_to_id": 1, "is_tombstone": 1},
                session=session,
            )
            replies = sum(
                d["in_reply_to_id"] == post_id and _is_counted(d) for d in thread
            )
            reacted = self._reacted([post_id], session).get(post_id, (0, 0, 0))
            poll = _poll_of(post)
            votes = self._votes({post_id: poll}, session)[post_id] if poll else ()
            said, right = _post_counts(post), PostCounts(replies, *reacted, votes)
            if repairs and said != right:
                self._posts.update_one(
                    {"_id": post_id}, {"$set": right.stored()}, session=session
                )
            return said, right

        return self._store.transact(look)


def _group(
    collection: Any, key: str, ids: object, session: Any, **query: object
) -> Counter[int]:
    grouped = collection.aggregate(
        [
            {"$match": {key: ids, **query}},
            {"$group": {"_id": f"${key}", "n": {"$sum": 1}}},
        ],
        session=session,
    )
    return Counter({d["_id"]: d["n"] for d in grouped})


def _is_counted(post: Document) -> bool:
    return not post["is_tombstone"]


def _user_counts(user: Document) -> UserCounts:
    # Users before schema 9 have no requests.
    return UserCounts(*(user.get(name, 0) for name in _ON_USERS))


def _post_counts(post: Document) -> PostCounts:
    # Posts of older schemas have no counters of reactions and of quotes.
    poll = _poll_of(post)
    replies, reposts, favourites, quotes = (post.get(name, 0) for name in _ON_POSTS)
    votes = poll.counts if poll else ()
    return PostCounts(replies, reposts, favourites, quotes, votes)


def _poll_of(post: Document) -> Poll | None:
    # Posts before schema 5 have none.
    return to_poll(post["poll"]) if post.get("poll") else None
