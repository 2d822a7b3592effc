"""What must be there, worked out from the documents without any rule of Kwip's."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from kwip.domain.accounts.users import Viewer
from kwip.domain.ids import MAX_ID
from kwip.domain.timelines.pages import PageRequest
from kwip.services.reading.loader import Lookup
from kwip.services.reading.slices import Slice
from tests.jobs.list_oracle import check_lists
from tests.jobs.snapshots import documents_in


@dataclass
class Oracle:
    """The documents as they are now."""

    database: object

    def __post_init__(self):
        self.all = documents_in(self.database)
        self.users, self.posts = self.all["users"], self.all["posts"]
        self.follows, self.asked = defaultdict(set), set()
        for d in self.all["follows"].values():
            if d["state"] != "removed":
                self.follows[d["follower_id"]].add(d["followee_id"])
                if d.get("notify"):
                    self.asked.add((d["follower_id"], d["followee_id"]))
        self.blocks = {
            (d["user_id"], d["other_id"]) for d in self.all["blocks"].values()
        }
        self.timelines = self.all["timelines"]
        self.buckets = self.all["timeline_buckets"].values()

    def stored(self, owner):
        """Give the floor of a home, and the ids that it stores at or above it.

        Who is hibernating has no home.
        """
        return self.stored_in(f"home:{owner}")

    def stored_in(self, name):
        """Give the same of any timeline, by its name."""
        home = self.timelines.get(name)
        if home is None:
            return MAX_ID, set()
        sealed = [
            i
            for d in self.buckets
            if (d["owner"], d["epoch"]) == (home["_id"], home["epoch"])
            and "expires_at" not in d
            for i in d["entries"]
        ]
        floor = home["floor"]
        return floor, {i for i in (*home["entries"], *sealed) if i >= floor}

    def belonging(self, owner):
        """Give the ids of the posts that belong into a home."""
        return {
            post_id
            for post_id, post in self.posts.items()
            if not post["is_tombstone"]
            and (post["author_id"] == owner or post["author_id"] in self.follows[owner])
            and (
                post["visibility"] != "direct"
                or owner == post["author_id"]
                or owner in {m["user_id"] for m in post["mentions"]}
            )
        }

    def storing(self, owner):
        """Give those of them that a home must store: what is pushed."""
        return {
            i
            for i in self.belonging(owner)
            if self.posts[i]["fanout"]["mode"] != "pull"
        }

    def shown(self, owner):
        """Give the ids that a home shows: answers only to people one knows."""
        known = {None, owner, *self.follows[owner]}
        return {
            post_id
            for post_id in self.belonging(owner)
            if self.posts[post_id]["author_id"] == owner
            or self.posts[post_id]["in_reply_to_author_id"]
            in {*known, self.posts[post_id]["author_id"]}
        }

    def told(self, owner):
        """Give (kind, post) of what posts tell somebody, however often delivered."""
        return {
            (kind, post_id)
            for post_id, post in self.posts.items()
            if not post["is_tombstone"]
            and post["author_id"] != owner
            and (owner, post["author_id"]) not in self.blocks
            and (kind := self._told_as(owner, post))
        }

    def _told_as(self, owner, post):
        is_named = owner in {m["user_id"] for m in post["mentions"]}
        is_follower = post["author_id"] in self.follows[owner]
        may_see = {"direct": is_named, "followers": is_named or is_follower}
        answered = post["in_reply_to_author_id"]
        if post["repost_of_id"]:
            return "repost" if post["repost_of_author_id"] == owner else None
        if answered == owner and may_see.get(post["visibility"], True):
            return "reply"
        if is_named:
            return "mention"
        is_for_all = answered in {None, post["author_id"]}
        is_asked = (owner, post["author_id"]) in self.asked
        is_direct = post["visibility"] == "direct"
        return "post" if is_asked and is_for_all and not is_direct else None

    def is_pulled(self, owner, post_id):
        """Tell whether followers pull a post by the owner or somebody followed."""
        post = self.posts[post_id]
        known = {owner, *self.follows[owner]}
        return post["author_id"] in known and post["fanout"]["mode"] == "pull"

    def counters(self):
        """Give (posts, followers, following) of each user, and replies of each post."""
        alive = [p for p in self.posts.values() if not p["is_tombstone"]]
        written = Counter(p["author_id"] for p in alive)
        replies = Counter(p["in_reply_to_id"] for p in alive)
        followers = Counter(i for ids in self.follows.values() for i in ids)
        people = {
            i: (written[i], followers[i], len(self.follows[i])) for i in self.users
        }
        return people, {i: replies[i] for i in self.posts}

    def kept_counters(self):
        """Give the same counters as the documents have them."""
        people = {
            i: (d["posts_count"], d["followers_count"], d["following_count"])
            for i, d in self.users.items()
        }
        return people, {i: d["replies_count"] for i, d in self.posts.items()}

    def waiting(self):
        """Name the posts, the edges and the homes that still wait."""
        posts = [i for i, d in self.posts.items() if d["fanout"]["state"] == "pending"]
        edges = [i for i, d in self.all["follows"].items() if d["state"] != "active"]
        homes = [name for name, d in self.timelines.items() if d["state"] != "ok"]
        return posts, edges, homes

    def passed_over(self, owner):
        """Tell whom somebody follows without getting what they write."""
        return [
            d["followee_id"]
            for d in self.all["followers"].values()
            if d["follower_id"] == owner and d.get("active") is False
        ]

    def notified(self, owner):
        """Give the post of each stored notification to somebody, by its number."""
        return {
            d["seq"]: d["post_id"]
            for d in self.all["notifications"].values()
            if d["recipient_id"] == owner
        }


def cache_homes(kwip, users, posts):
    """Read whatever homes are made of at once, so that it is in the cache."""
    entities = kwip.services.timelines._entities
    kwip.services.loaders.begin().load(
        Lookup(entities.relations, users),
        Lookup(entities.homes, [Slice(user_id) for user_id in users]),
        Lookup(entities.posts, posts),
    )


def read_home(kwip, user_id, limit=40):
    """Read somebody's whole home, page by page; give the ids, newest first."""
    viewer = Viewer(id=user_id, username="somebody", digest="")
    ids, max_id = [], None
    while True:
        page = kwip.services.timelines.home(
            viewer,
            kwip.services.loaders.begin(),
            PageRequest(limit=limit, max_id=max_id),
        )
        ids += [view.post.id for view in page.items]
        max_id = page.next_max_id
        if max_id is None:
            return ids


def read_told(kwip, oracle, user_id):
    """Read all that posts tell somebody: (kind, post or repost), newest first."""
    about = oracle.notified(user_id)
    if not about:
        return []
    viewer = Viewer(id=user_id, username="somebody", digest="")
    page = kwip.services.notifications.page(
        viewer, kwip.services.loaders.begin(), PageRequest(limit=1_000)
    )
    assert page.next_max_id is None
    acts = {"favourite", "follow"}
    return [(v.kind.value, about[v.id]) for v in page.items if v.kind.value not in acts]


def check(kwip, mongodb, *, is_unfollowed=False):
    """Assert that every home, edge, counter and notification is exactly right.

    Of pulled posts a home stores the owner's own, and those that came before it was
    decided how they go.

    With `is_unfollowed` homes may hold posts, without showing them, of people who
    were unfollowed while their delivery was under way; and those whom somebody once
    blocked may not have been heard.
    """
    oracle = Oracle(mongodb)
    assert oracle.waiting() == ([], [], [])
    cache_homes(kwip, oracle.users, oracle.posts)
    for user_id, user in oracle.users.items():
        floor, stored = oracle.stored(user_id)
        assert floor == MAX_ID or not oracle.passed_over(user_id), user["username"]
        wanted = {i for i in oracle.storing(user_id) if i >= floor}
        assert wanted <= stored, user["username"]
        extra = {
            i
            for i in stored - wanted
            if not oracle.posts[i]["is_tombstone"] and not oracle.is_pulled(user_id, i)
        }
        if is_unfollowed:
            known = oracle.follows[user_id]
            extra = {i for i in extra if oracle.posts[i]["author_id"] in known}
        assert not extra, user["username"]
        seen = read_home(kwip, user_id)
        assert seen == sorted(oracle.shown(user_id), reverse=True), user["username"]
        told, due = read_told(kwip, oracle, user_id), oracle.told(user_id)
        assert len(told) == len(set(told)), user["username"]
        assert set(told) <= due, user["username"]
        assert is_unfollowed or set(told) == due, user["username"]
    assert oracle.kept_counters() == oracle.counters()
    check_lists(kwip, oracle, is_unfollowed=is_unfollowed)


def stored_set(kwip, owner_id, floor):
    """Let the product work out from scratch what a home must store from a floor on."""
    authors = [owner_id, *kwip.edges.followees(owner_id)]
    return kwip.services.home_backfill.compactor.wanted(owner_id, authors, floor).ids


def check_stored_sets(kwip, mongodb):
    """Assert that the product itself works out the same, as far down as it goes."""
    oracle = Oracle(mongodb)
    for user_id in oracle.users:
        floor, _ = oracle.stored(user_id)
        told = stored_set(kwip, user_id, floor)
        wanted = oracle.storing(user_id)
        assert told == {i for i in wanted if i >= max(floor, min(told, default=0))}
