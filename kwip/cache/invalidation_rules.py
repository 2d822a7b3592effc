"""The invalidation rules: which write invalidates which keys.

Each rule is named after a write of `services`, and says which keys the write must pass
to `Fence.invalidate` before it answers, even if it found nothing to do: an earlier
attempt may have died between its commit and its invalidation.
`invalidation_page` prints the rules.

Counts may lag, and so may new posts in timelines without an owner, except for the user
who made the change. Keys that only hold such data are debounced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, TypedDict

from kwip.cache import keys
from kwip.cache.keys import CacheKey, Invalidation
from kwip.domain.posting.reactions import Act

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from typing import Unpack

    from kwip.domain.ids import PostId, UserId
    from kwip.domain.posting.reactions import Span

Keys = tuple[Invalidation, ...]


class Ids(TypedDict, total=False):
    """What rules are called with: each rule with the names in its keys.

    An `owner` is the name of a stored timeline, such as `home:<user>`.
    """

    user_id: UserId
    author_id: UserId
    of_author_id: UserId
    follower_id: UserId
    followee_id: UserId
    blocker_id: UserId
    blocked_id: UserId
    muter_id: UserId
    owner_id: UserId
    writer_id: UserId
    post_id: PostId
    parent_id: PostId | None
    root_id: PostId
    of_id: PostId
    quote_of_id: PostId | None
    span: Span
    owner: str
    username: str
    digest: str
    is_listed: bool
    user_ids: Iterable[UserId]
    recipient_ids: Iterable[UserId]
    post_ids: Iterable[PostId]
    later_ids: Iterable[PostId]
    owners: Iterable[str]
    tags: Iterable[str]
    sessions: Iterable[str]
    tokens: Iterable[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which keys a write invalidates; call it with the ids of the write.

    The keys are separated by spaces, as `kwip.cache.keys` names them. A name in braces
    stands for the id of that name, one in the plural for a key for each of several ids.
    A key without its id (None) is left out.
    """

    #: Why these keys, for the documentation.
    reason: str
    now: str = ""
    #: Keys that only show counts that change.
    counts: str = ""
    #: Keys that only show a new post; the second only if it `is_listed`.
    arrivals: str = ""
    listed_arrivals: str = ""
    #: The id that is the user who made the change, and so sees it at once.
    writer: str = ""

    def __call__(self, **ids: Unpack[Ids]) -> Keys:
        """Return the keys to invalidate after one write."""
        values = {name: _values(name, value) for name, value in ids.items()}
        [writer_id] = values[self.writer] if self.writer else [None]
        arrivals = self.arrivals
        if self.listed_arrivals and ids["is_listed"]:
            arrivals = f"{self.listed_arrivals} {arrivals}"
        return (
            *_keys(self.now, values),
            *(keys.counted(key, writer_id) for key in _keys(self.counts, values)),
            *(keys.arriving(key, writer_id) for key in _keys(arrivals, values)),
        )


def is_plural(name: str) -> bool:
    """Tell whether an id in `Ids` is several."""
    return name.endswith("s")


def _values(name: str, value: Any) -> Collection[Any]:
    if is_plural(name):
        return tuple(value)
    return () if value is None else (value,)


def _keys(patterns: str, values: Mapping[str, Collection[Any]]) -> Iterator[CacheKey]:
    for pattern, names in _parsed(patterns):
        for ids in product(*(values[name] for name in names)):
            yield CacheKey(pattern.format(*ids))


@cache
def _parsed(patterns: str) -> list[tuple[str, list[str]]]:
    """Return each pattern with empty braces, and the names that stood in them."""
    named = re.compile(r"{(\w+)}")
    return [(named.sub("{}", each), named.findall(each)) for each in patterns.split()]


# Users

sign_up = Rule(
    "Invalidate what said that there is no such user.",
    "user:{user_id} handle:{username} home:{user_id}",
)
update_profile = Rule(
    "Invalidate one key, however many posts the user wrote.", "user:{user_id}"
)
suspend = Rule(
    "Invalidate one key: whether a user is suspended is read from the user.",
    "user:{user_id}",
)
unsuspend = suspend
silence = Rule(
    "Invalidate one key: whether a user is silenced is read from the user.",
    "user:{user_id}",
)
unsilence = silence
set_role = Rule(
    "Invalidate the user, whose role has changed.",
    "user:{user_id}",
)
leave = Rule(
    "Invalidate what else was cached of a user who is now deleted.",
    "user:{user_id} handle:{username} relations:{user_id} lists:{user_id} "
    "home:{user_id} user_timeline:{user_id} media_timeline:{user_id} "
    "active:user:{user_id} pulls "
    "id_list:followers:{user_id} id_list:favourites:{user_id} "
    "id_list:bookmarks:{user_id} id_list:follow_requests:{user_id} "
    "notifications:{user_id} unread:{user_id} markers:{user_id} "
    "suggestions:{user_id}",
)
sign_in = Rule(
    "Invalidate what said that there is no such session, and those that it ends.",
    "session:{user_id}:{digest} session:{user_id}:{sessions}",
)
sign_out = Rule(
    "Invalidate the session: it ends before the answer.", "session:{user_id}:{digest}"
)
sign_out_everywhere = Rule(
    "Invalidate each session and token that has ended.",
    "session:{user_id}:{sessions} token:{user_id}:{tokens}",
)
create_token = Rule(
    "Invalidate what said that there is no such token.", "token:{user_id}:{digest}"
)
revoke_token = Rule(
    "Invalidate the token: it ends before the answer.", "token:{user_id}:{digest}"
)

# Posts

post = Rule(
    "Invalidate what shows or counts it; fan-out does the homes of others.",
    "post:{post_id} home:{author_id} user_timeline:{author_id} "
    "media_timeline:{author_id} thread:{root_id} post:{root_id} "
    "active:user:{author_id} id_list:quotes:{quote_of_id}",
    counts="user:{author_id} statistics:{author_id} post:{parent_id} "
    "post:{quote_of_id}",
    arrivals="tag:{tags} active:tag:{tags}",
    listed_arrivals="public active:public:0",
    writer="author_id",
)
bump = Rule(
    "Invalidate the place of a conversation in the active order.",
    "post:{root_id} active:user:{author_id}",
    arrivals="active:tag:{tags}",
    listed_arrivals="active:public:0",
    writer="writer_id",
)
edit = Rule(
    "Invalidate it, its repeats, hashtags added or removed, and notifications.",
    "post:{post_id} post:{later_ids} media_timeline:{author_id} tag:{tags} "
    "active:tag:{tags} "
    "notifications:{recipient_ids} unread:{recipient_ids}",
)
delete = Rule(
    "Invalidate it, hidden everywhere, its repeats, counts, and notifications.",
    "post:{post_id} post:{later_ids} id_list:quotes:{quote_of_id} "
    "notifications:{recipient_ids} unread:{recipient_ids}",
    counts="user:{author_id} statistics:{author_id} post:{parent_id} "
    "post:{quote_of_id}",
    writer="author_id",
)
revoke_quote = Rule(
    "Invalidate the post that shows no quote any more, and who quotes the other.",
    "post:{post_id} id_list:quotes:{quote_of_id}",
    counts="post:{quote_of_id}",
)
show_guests = Rule("Invalidate the replies of guests below a post.", "guests:{post_id}")
set_policies = Rule("Invalidate whom a post lets quote and reply.", "post:{post_id}")
mark_posts = Rule("Invalidate posts whose media are covered now.", "post:{post_ids}")
retag = Rule(
    "Invalidate what an edit does: the post, and hashtags added or removed.",
    "post:{post_id} tag:{tags} active:tag:{tags}",
)
repeat = Rule("Invalidate a post whose repeated post has changed.", "post:{post_id}")
repost = Rule(
    "Invalidate what shows it to the reposter, and what counts it.",
    "post:{post_id} home:{author_id} user_timeline:{author_id} "
    "reactions:{author_id}:{span} id_list:reposted_by:{of_id}",
    counts="user:{author_id} post:{of_id}",
    writer="author_id",
)
unrepost = Rule(
    "Invalidate the tombstone, the flag, the counters and the notifications.",
    "post:{post_id} reactions:{author_id}:{span} id_list:reposted_by:{of_id} "
    "notifications:{of_author_id} unread:{of_author_id}",
    counts="user:{author_id} post:{of_id}",
    writer="author_id",
)
favourite = Rule(
    "Invalidate the viewer's flag and list, the counter, and notifications.",
    "reactions:{user_id}:{span} id_list:favourites:{user_id} "
    "id_list:favourited_by:{post_id} notifications:{author_id} unread:{author_id}",
    counts="post:{post_id}",
    writer="user_id",
)
unfavourite = favourite
bookmark = Rule(
    "Invalidate the viewer's own flag and list: nobody else sees it.",
    "reactions:{user_id}:{span} id_list:bookmarks:{user_id}",
)
unbookmark = bookmark
vote = Rule(
    "Invalidate the viewer's own vote, and the counts of the poll.",
    "reactions:{user_id}:{span}",
    counts="post:{post_id}",
    writer="user_id",
)
end_poll = Rule(
    "Invalidate a poll that has ended, so that pages show its results.",
    "post:{post_id}",
)
preview = Rule(
    "Invalidate a kwip whose link has been looked up.",
    "post:{post_id}",
)
pin = Rule("Invalidate one key: pins are part of the author.", "user:{user_id}")
unpin = pin
feature_tag = Rule(
    "Invalidate one key: featured hashtags are part of the user.", "user:{user_id}"
)
dismiss_announcement = Rule(
    "Invalidate one key: what the viewer has dismissed is part of the user.",
    "user:{user_id}",
)
endorse = Rule(
    "Invalidate one key: featured people are part of the user.", "user:{user_id}"
)
recount = Rule(
    "Invalidate what shows counters that were recounted.",
    "user:{user_ids} post:{post_ids}",
)

# Relations

follow = Rule(
    "Invalidate what the follower may see, both counters, and the notifications.",
    "relations:{follower_id} lists:{follower_id} home:{follower_id} "
    "id_list:followers:{followee_id} id_list:follow_requests:{followee_id} "
    "notifications:{followee_id} unread:{followee_id}",
    counts="user:{follower_id} user:{followee_id}",
    writer="follower_id",
)
unfollow = follow
answer_request = Rule(
    "Invalidate what a follow invalidates: the followee decides on it.",
    follow.now,
    counts=follow.counts,
    writer="followee_id",
)
remove_follower = Rule(
    "Invalidate what a follow invalidates: the followee ends it.",
    follow.now,
    counts=follow.counts,
    writer="followee_id",
)
block = Rule(
    "Invalidate both sides: a block ends follows in both directions.",
    "relations:{blocker_id} lists:{blocker_id} home:{blocker_id} "
    "id_list:followers:{blocker_id} id_list:follow_requests:{blocker_id} "
    "notifications:{blocker_id} unread:{blocker_id} "
    "relations:{blocked_id} lists:{blocked_id} home:{blocked_id} "
    "id_list:followers:{blocked_id} id_list:follow_requests:{blocked_id} "
    "notifications:{blocked_id} unread:{blocked_id}",
    counts="user:{blocker_id} user:{blocked_id}",
    writer="blocker_id",
)
unblock = Rule(
    "Invalidate both sides' relations and homes; no counter changes.",
    "relations:{blocker_id} relations:{blocked_id} home:{blocker_id} home:{blocked_id}",
)
mute = Rule(
    "Invalidate the muter's side only: the other must not notice.",
    "relations:{muter_id} home:{muter_id}",
)
unmute = mute
change_list = Rule(
    "Invalidate the owner's lists, and whom exclusive ones keep out of home.",
    "lists:{owner_id} relations:{owner_id}",
)
follow_tag = Rule("Invalidate which hashtags come into home.", "relations:{user_id}")
choose_conversation = Rule(
    "Invalidate which conversations the viewer mutes or follows.", "relations:{user_id}"
)
change_filters = Rule(
    "Invalidate what the viewer does not want to see, and pages made with it.",
    "relations:{user_id}",
)

write_note = Rule("Invalidate who the viewer has notes about.", "relations:{user_id}")

# Notifications

notify = Rule(
    "Invalidate the recipients' notifications and badges.",
    "notifications:{recipient_ids} unread:{recipient_ids}",
)
dismiss = Rule(
    "Invalidate what listed the notification, or all of them.",
    "notifications:{user_id} unread:{user_id}",
)
mark = Rule(
    "Invalidate the markers and the count above one of them.",
    "markers:{user_id} unread:{user_id}",
)

# Stored timelines

deliver = Rule(
    "Invalidate the homes or lists of one delivered chunk (500 to 1,000 owners).",
    "{owners}",
)
pull = Rule(
    "Invalidate who is pulled, and the author's posts that readers merge.",
    "pulls user_timeline:{author_id}",
)
backfill = Rule(
    "Invalidate the home or list that an author's posts were added to.", "{owner}"
)
purge = Rule(
    "Invalidate the home or list that an author's posts were removed from.", "{owner}"
)
trim = Rule("Invalidate the home or list whose floor rose.", "{owner}")
rebuild = Rule("Invalidate the home or list that was rebuilt.", "{owner}")
hibernate = Rule(
    "Invalidate an inactive user's home: nothing is delivered to it any more.",
    "{owner}",
)
rehydrate = Rule("Invalidate what said that there is no home.", "{owner}")

# Discovery

trend = Rule("Invalidate the trends after they were computed again.", "trends")
dismiss_suggestion = Rule(
    "Invalidate who may be suggested to a user.", "suggestions:{user_id}"
)

#: The table: each write of services, and the rule for its keys.
WRITES: Mapping[str, Rule] = {
    name: rule for name, rule in globals().items() if isinstance(rule, Rule)
}


def undone(act: Act) -> Rule:
    """Return the rule of taking a reaction back; a repost is deleted as a post."""
    return {Act.FAVOURITE: unfavourite, Act.BOOKMARK: unbookmark, Act.VOTE: vote}[act]
