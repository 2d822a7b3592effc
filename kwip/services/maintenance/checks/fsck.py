"""Check that everything stored is consistent, while the site runs.

Every check reads its collections page by page. If two reads of a changing site seem to
contradict each other, they are repeated in one snapshot before it is a finding.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.ids import ms_of
from kwip.services.maintenance.checks.closure_check import check_closures
from kwip.services.maintenance.checks.findings import Finding, Report
from kwip.services.maintenance.checks.guest_check import check_guests
from kwip.services.maintenance.checks.moderation_check import check_moderation
from kwip.services.maintenance.checks.personal_check import check_owned
from kwip.services.maintenance.checks.request_check import check_requests
from kwip.services.maintenance.reindexing.counting import Counting, differences
from kwip.store.maintenance.attachment_audit import pages_of
from kwip.store.maintenance.audit import turned_edge
from kwip.store.maintenance.personal_audit import OWNERS
from kwip.store.timelines.buckets import user_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.domain.clock import ClockMs
    from kwip.services.maintenance.progress import Progress
    from kwip.store.maintenance.attachment_audit import Pair, Problem
    from kwip.store.maintenance.audit import AuditStore, Bucket, Home

PAGE = 5_000
HOMES_A_PAGE = 500
#: A post that has waited longer for its delivery is a finding.
PENDING_MS = 60_000
#: The most findings of one check.
MOST = 1_000
#: What is checked, and counted.
LOOKED_AT = [
    "edges",
    "entries",
    "buckets",
    "timelines",
    "users",
    "posts",
    "claims",
    "blocks",
    "reactions",
    "pins",
    "indexed",
    "attachments",
]
#: Existing posts that are remembered, so that few are looked up twice.
REMEMBERED = 1_000_000


class Fsck:
    """Run every check.

    Args:
        audit: What to read.
        clock: For the age of what is pending.
        most: A check stops after this many findings, because each costs a second read.
    """

    def __init__(self, audit: AuditStore, clock: ClockMs, most: int = MOST):
        self._audit = audit
        self._clock = clock
        self._most = most
        self._checked = Counter(dict.fromkeys(LOOKED_AT, 0))
        self._advance: Callable[[int], None] = lambda _: None

    def run(self, progress: Progress) -> Report:
        """Run all checks, one after the other; docs/cli.md says how long it takes."""
        report, sizes = Report(checked=self._checked), self._audit.sizes()
        self._advance = progress.advance
        strikes = partial(check_moderation, self._audit.moderation, self._clock, PAGE)
        requests = partial(check_requests, self._audit.requests, self._advance, PAGE)
        guests = partial(check_guests, self._audit.guests, self._advance, PAGE)
        most = self._most
        pending = partial(_pending, self._audit, self._advance, self._clock, most)
        owned = partial(check_owned, self._audit.personal, self._clock, self._advance)
        for name, total, check in (
            ("edges", 2 * sizes["follows"], self._edges),
            ("requests", sizes["follows"], requests),
            ("timelines", sizes["timelines"], self._timelines),
            ("counters", sizes["users"], self._counters),
            ("posts", sizes["posts"], self._posts),
            ("hashtags", sizes["posts"], self._tags),
            ("search", sizes["posts"], self._search),
            ("reactions", sizes["reactions"], self._reactions),
            ("pins", sizes["users"], self._pins),
            ("attachments", sizes["attachments"] + sizes["posts"], self._pairs),
            ("previews", sizes["posts"], lambda: _previews(self._audit, self._advance)),
            ("guests", sizes["guest_replies"], guests),
            ("owners", sum(sizes[name] for name in OWNERS), owned),
            ("pending", 1, pending),
            ("moderation", 1, strikes),
            ("claims", sizes["claims"], self._claims),
            ("blocks", sizes["blocks"], self._blocks),
            ("closures", 1, lambda: check_closures(self._audit.closures)),
        ):
            progress.begin(name, total)
            found = list(islice(check(), self._most + 1))
            report.findings += found[: self._most]
            report.is_complete &= len(found) <= self._most
        return report

    def _count(self, what: str, number: int) -> None:
        self._checked[what] += number
        self._advance(number)

    def _edges(self) -> Iterator[Finding]:
        """Compare both sides of every edge, starting from either."""
        after = ""
        while True:
            names, standing = self._audit.follows_after(after, PAGE)
            if not names:
                break
            after = names[-1]
            for edge in self._audit.without_followers(standing):
                yield from self._edge(edge)
            self._count("edges", len(names))
        after = ""
        while turned := self._audit.followers_after(after, PAGE):
            after = turned[-1]
            names = [turned_edge(name) for name in turned]
            for edge in self._audit.without_follows(names):
                yield from self._edge(edge)
            self._count("edges", len(turned))

    def _edge(self, edge: str) -> Iterator[Finding]:
        of_follower, of_followee = self._audit.confirm_edge(edge)
        if of_follower == of_followee:
            return
        missing = "followers" if of_follower else "follows"
        yield Finding(
            "edges",
            edge,
            f"the follow is missing in `{missing}`",
            "ask the follower to unfollow and follow again",
            f"write the follow to `{missing}`" if of_follower else "end the follow",
        )

    def _timelines(self) -> Iterator[Finding]:
        """Look for entries without a post, and for buckets out of order."""
        known: set[int] = set()
        after = ""
        while homes := self._audit.homes_after(after, HOMES_A_PAGE):
            after = homes[-1].owner
            stored = [set().union(*_parts(home)) for home in homes]
            self._learn(known, set().union(*stored))
            for home, ids in zip(homes, stored, strict=True):
                if not ids <= known:
                    yield from _strangers(home, ids - known)
                for bucket in home.buckets:
                    yield from _disorder(home, bucket)
                self._checked["entries"] += sum(map(len, _parts(home)))
                self._checked["buckets"] += 1 + len(home.buckets)
            self._count("timelines", len(homes))

    def _learn(self, known: set[int], ids: set[int]) -> None:
        """Add to `known` those ids that belong to posts."""
        if len(known) > REMEMBERED:
            known.clear()
        unknown = sorted(ids - known)
        for i in range(0, len(unknown), PAGE):
            known |= self._audit.posts_among(unknown[i : i + PAGE])

    def _counters(self) -> Iterator[Finding]:
        """Compare every user's counters of posts, followers and follows."""
        for page in Counting(self._audit.counters, PAGE).users():
            for user_id in page.ids:
                found = self._audit.counters.settle_user(user_id)
                for wrong in differences(*found) if found else ():
                    yield _miscount("user", user_id, *wrong)
            self._count("users", page.size)

    def _posts(self) -> Iterator[Finding]:
        """Compare every post's counters of replies, quotes, reactions and votes."""
        for page in Counting(self._audit.counters, PAGE).posts():
            for post_id in page.ids:
                found = self._audit.counters.settle_post(post_id)
                for wrong in differences(*found) if found else ():
                    yield _miscount("post", post_id, *wrong)
            self._count("posts", page.size)

    def _tags(self) -> Iterator[Finding]:
        """Compare the hashtags that a post is listed under with those in its text."""
        reactions, after = self._audit.reactions, 0
        while True:
            after, size, suspects = reactions.tagged_after(after, PAGE)
            if not size:
                return
            for post_id in reactions.mistagged_among(suspects) if suspects else ():
                yield Finding(
                    "tags",
                    str(post_id),
                    "the stored hashtags do not match the text",
                    "run `kwip reindex tags`",
                    "set the hashtags from the text",
                )
            self._advance(size)

    def _search(self) -> Iterator[Finding]:
        """Look for posts that search does not have as they are, and for lost ones."""
        search, after = self._audit.search, 0
        while True:
            after, size, suspects = search.outdated_after(after, PAGE)
            if not size:
                break
            for post_id in search.outdated_among(suspects) if suspects else ():
                yield _unsearchable(post_id, "search does not have its present text")
            self._advance(size)
        after = 0
        while ids := search.ids_after(after, PAGE):
            after = ids[-1]
            for post_id in search.without_post(ids):
                yield _unsearchable(post_id, "search has it, but there is no such post")
            self._count("indexed", len(ids))

    def _reactions(self) -> Iterator[Finding]:
        """Look for reactions without a user or post, and for reposts without a post."""
        reactions, after = self._audit.reactions, ""
        while rows := reactions.reactions_after(after, PAGE):
            after = rows[-1].id
            for row in reactions.wrong_among(rows):
                # The claim of a repost is written just before its post.
                if row.repost_id and ms_of(row.repost_id) > self._clock() - PENDING_MS:
                    continue
                if problem := reactions.confirm_reaction(row.id):
                    yield Finding(
                        "reactions", row.id, problem, "run with --repair", "remove it"
                    )
            self._count("reactions", len(rows))

    def _pins(self) -> Iterator[Finding]:
        """Look for pins that are not posts of the user who pinned them."""
        reactions, after = self._audit.reactions, 0
        while True:
            after, size, pins = reactions.pins_after(after, PAGE)
            if not size:
                return
            for user_id, ids in pins.items():
                for post_id in reactions.not_by(user_id, ids):
                    yield Finding(
                        "pins",
                        f"{user_id} {post_id}",
                        "the pinned post is not by this user",
                        "ask the user to unpin it",
                        "unpin it",
                    )
                self._checked["pins"] += len(ids)
            self._advance(size)

    def _pairs(self) -> Iterator[Finding]:
        """Compare attachments with the posts that show them, from both sides."""
        audit = self._audit.attachments
        for size, wrong in pages_of(audit.attached_after, audit, PAGE):
            yield from map(_unpaired, wrong)
            self._count("attachments", size)
        for size, wrong in pages_of(audit.shown_after, audit, PAGE):
            yield from map(_unpaired, wrong)
            self._advance(size)

    def _claims(self) -> Iterator[Finding]:
        """Look for usernames and addresses that are claimed by nobody."""
        for kind in ("handle", "email"):
            after = ""
            while claims := self._audit.claims_after(kind, after, PAGE):
                after = max(claims)
                there = self._audit.users_among(set(claims.values()))
                lost = [c for c, user_id in claims.items() if user_id not in there]
                for claim in self._audit.without_user(lost) if lost else ():
                    yield Finding(
                        "claims",
                        claim,
                        "no user has this username or address",
                        "if a load was interrupted, run it again; otherwise delete it",
                        "delete the claim",
                    )
                self._count("claims", len(claims))

    def _blocks(self) -> Iterator[Finding]:
        """Compare both sides of every block."""
        after = ""
        while sides := self._audit.blocks_after(after, PAGE):
            after = sides[-1]
            for side in self._audit.without_other_side(sides):
                yield Finding(
                    "blocks",
                    side,
                    "the block is missing on the other side",
                    "ask the user to block or unblock again",
                    "block on both sides",
                )
            self._count("blocks", len(sides))


def _parts(home: Home) -> list[tuple[int, ...]]:
    return [home.entries, *(bucket.entries for bucket in home.buckets)]


def _strangers(home: Home, ids: set[int]) -> Iterator[Finding]:
    for post_id in sorted(ids):
        yield Finding(
            "entries",
            f"{home.owner} {post_id}",
            "the post does not exist",
            *_rebuild(home),
        )


def _disorder(home: Home, bucket: Bucket) -> Iterator[Finding]:
    problems, entries = [], bucket.entries
    if entries != tuple(sorted(set(entries))):
        problems.append("the entries are not in order")
    if entries and not bucket.low <= min(entries) <= max(entries) <= bucket.high:
        problems.append(f"some entries are not from {bucket.low} to {bucket.high}")
    if bucket.id != f"{home.owner}:{home.epoch}:{bucket.high}":
        problems.append("the id does not match the upper bound")
    for problem in problems:
        yield Finding("buckets", bucket.id, problem, *_rebuild(home))


def _unpaired(wrong: tuple[Pair, Problem]) -> Finding:
    (post_id, attachment_id), (problem, repair) = wrong
    remedy = "run with --repair" if repair else "ask the author to attach it again"
    return Finding("attachments", f"{post_id} {attachment_id}", problem, remedy, repair)


def _miscount(what: str, found_id: int, name: str, said: int, right: int) -> Finding:
    counter = f"{what}s.{name}"
    return Finding(
        "counters",
        str(found_id),
        f"{name} of the {what} is {said}, should be {right}",
        f"set {counter} to {right}",
        f"set {counter} to {right}",
    )


def _pending(
    audit: AuditStore, advance: Callable[[int], None], clock: ClockMs, most: int
) -> Iterator[Finding]:
    """Look for posts that are overdue for delivery."""
    for post_id in audit.pending_since(at(clock() - PENDING_MS), most + 1):
        yield Finding(
            "pending",
            str(post_id),
            "delivery has been pending for over a minute",
            "see `kwip doctor` and `kwip fanout pending`",
            "enqueue its delivery",
        )
    advance(1)


def _previews(audit: AuditStore, advance: Callable[[int], None]) -> Iterator[Finding]:
    """Look for link previews that do not belong to their posts."""
    problem, repair = "the link preview is of another link", "look the link up again"
    after, size = 0, 1
    while size:
        after, size, wrong = audit.previews.mismatched_after(after, PAGE)
        for i in wrong:
            yield Finding("previews", str(i), problem, "run with --repair", repair)
        advance(size)


def _unsearchable(post_id: int, problem: str) -> Finding:
    remedy = "run `kwip reindex search`"
    return Finding("search", str(post_id), problem, remedy, "index it again")


def _rebuild(home: Home) -> tuple[str, str]:
    if home.owner.startswith("list:"):
        says = f"rebuild the timeline of list {home.owner.removeprefix('list:')}"
        return f"{says} (`kwip fsck --repair`)", says
    user_id = user_of(home.owner)
    return (
        f"rebuild the home of user {user_id} (`kwip reindex timelines`)",
        f"rebuild the home of user {user_id}",
    )
