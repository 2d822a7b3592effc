"""People, workers, deaths and losses in any order; then everybody reads everything.

Each rule does one thing through the services and the same to the model. After it, what
people see at once must be what the model says; and what is delivered must be so once
the jobs are done, however they were done: whole, twice, killed, lost, interleaved.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import partial
from itertools import permutations
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.errors import GoneError, NotFoundError
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from kwip.domain.posting.posts import Edit
from kwip.domain.social.relationships import FollowOptions
from kwip.domain.timelines.lists import ListChange, RepliesPolicy
from kwip.services.delivery.hibernation import HIBERNATE
from kwip.store.timelines.buckets import home_of
from tests.machine.doing import WHOLE, Doing, Fate
from tests.machine.model import VISIBILITIES, Kwip
from tests.machine.timelines import TAG
from tests.machine.world import PEOPLE

LINK = "https://a.example/"
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
#: So many rules in a row workers may be away for.
STRIKE = 4


def _fates(*names):
    return st.one_of(
        st.just(WHOLE),
        st.builds(Fate, st.sampled_from(names), st.integers(1, 14)),
    )


ACT = _fates("killed", "around", "inside")
#: What happens to the next jobs; most acts leave some.
JOBS = st.lists(_fates("killed", "doubled", "lost", "interleaved"), max_size=3)
PERSON = st.sampled_from(PEOPLE)
PAIR = st.sampled_from(list(permutations(PEOPLE, 2)))
NUMBER = st.integers(0, 1_000)
TEXT = st.builds(
    dict,
    is_said_again=st.booleans(),
    tags=st.frozensets(st.just(TAG)),
    names=st.frozensets(PERSON, max_size=1),
    has_picture=st.booleans(),
)
PLAIN = {
    "is_said_again": False,
    "tags": frozenset(),
    "names": frozenset(),
    "has_picture": False,
}


class Machine(Doing):
    """The rules."""

    # What people do.

    @rule(
        authors=st.lists(PERSON, min_size=1, max_size=5),
        visibility=st.sampled_from(VISIBILITIES),
        text=TEXT,
        fate=ACT,
        jobs=JOBS,
    )
    def write(self, authors, visibility, text, fate, jobs):
        self.job_fates.extend(jobs)
        for author in filter(self._may_act, authors):
            self._write(author, visibility, text, None, fate)

    @rule(author=PERSON, which=NUMBER, text=TEXT, fate=ACT, jobs=JOBS)
    def reply(self, author, which, text, fate, jobs):
        self.job_fates.extend(jobs)
        parent = self._pick(
            which, lambda post: not post.original and self.model.may_see(author, post)
        )
        if parent and self._may_act(author):
            self._write(author, parent.visibility, text, parent, fate)

    @rule(
        author=PERSON,
        which=NUMBER,
        visibility=st.sampled_from(VISIBILITIES),
        text=TEXT,
        fate=ACT,
        jobs=JOBS,
    )
    def quote(self, author, which, visibility, text, fate, jobs):
        self.job_fates.extend(jobs)
        post = self._pick(which, partial(self.model.may_quote, author))
        if post and self._may_act(author):
            self._write(author, visibility, text, None, fate, quoted=post)

    @rule(which=NUMBER, fate=ACT)
    def take_out_of_a_quote(self, which, fate):
        post = self._pick(
            which,
            lambda post: post.quoted and not (post.is_gone or post.quoted.is_gone),
        )
        if post and self._may_act(post.quoted.author):
            author = self.viewers[post.quoted.author]

            def revoke():
                with suppress(NotFoundError):  # the author may not see the quote itself
                    self.services.quotes.revoke(author, post.quoted.id, post.id)

            self._act(revoke, fate)
            post.is_revoked = True

    @rule(which=NUMBER, fate=ACT)
    def find_a_link_preview(self, which, fate):
        post = self._pick(which, lambda post: not post.is_gone and not post.original)
        if post:
            post.card = f"Page {self.ran}"
            card = LinkPreview(url=LINK, kind=PreviewKind.LINK, title=post.card)
            stored = self.world.kwip.stores.posts.get_many([post.id])[post.id]
            self._act(partial(self.services.previews._store, stored, card), fate)

    @rule(fate=ACT)
    def let_posts_trend(self, fate):
        self._act(self.services.trending.recompute, fate)

    @rule(who=PERSON, which=NUMBER, fate=ACT, jobs=JOBS)
    def repost(self, who, which, fate, jobs):
        self.job_fates.extend(jobs)
        post = self._pick(which, partial(self.model.may_repost, who))
        if post and self._may_act(who):
            self._vote(who, post, fate)
            view = self._act(
                partial(self.services.reposts.repost, self.viewers[who], post.id), fate
            )
            if not self.model.repost_of(who, post):
                self.model.add(Kwip(view.post.id, who, post.visibility, original=post))

    @rule(who=PERSON, which=NUMBER, fate=ACT)
    def take_a_repost_back(self, who, which, fate):
        post = self._pick(
            which,
            lambda post: (
                self.model.repost_of(who, post) and self.model.may_see(who, post)
            ),
        )
        if post and self._may_act(who):
            self._act(
                partial(self.services.reposts.unrepost, self.viewers[who], post.id),
                fate,
            )
            self.model.repost_of(who, post).is_gone = True

    @rule(which=NUMBER, text=TEXT, fate=ACT)
    def edit(self, which, text, fate):
        post = self._pick(which, lambda post: not post.is_gone and not post.original)
        if post and self._may_act(post.author):
            says, full = self._texts(text)
            author = self.viewers[post.author]
            self._act(
                partial(self.services.posts.edit, author, post.id, Edit(text=full)),
                fate,
            )
            is_direct = post.visibility == "direct"
            post.names = text["names"] & post.names if is_direct else text["names"]
            post.text, post.tags = says, text["tags"]

    @rule(which=NUMBER, fate=ACT)
    def delete(self, which, fate):
        post = self._pick(which, lambda post: not post.is_gone)
        if post and self._may_act(post.author):

            def delete():
                with suppress(GoneError):  # it was, before the first try died
                    self.services.posts.delete(self.viewers[post.author], post.id)

            self._act(delete, fate)
            post.is_gone = True

    @rule(pair=PAIR, fate=ACT, jobs=JOBS)
    def follow(self, pair, fate, jobs):
        self.job_fates.extend(jobs)
        if self.model.may_follow(*pair):
            self._relate("follow", pair, fate)

    @rule(pair=PAIR, fate=ACT, jobs=JOBS)
    def unfollow(self, pair, fate, jobs):
        self.job_fates.extend(jobs)
        self._relate("unfollow", pair, fate)

    @rule(pair=PAIR, fate=ACT)
    def hide_reposts_or_not(self, pair, fate):
        one, two = (self.viewers[name] for name in pair)
        options = FollowOptions(hides_reposts=pair not in self.model.no_reposts)
        if pair in self.model.follows and self._may_act(pair[0]):
            change = self.services.relationships.change_options
            self._act(partial(change, one, two.id, options), fate)
            self.model.no_reposts ^= {pair}

    @rule(who=PERSON, fate=ACT)
    def lock_or_not(self, who, fate):
        change = ProfileChange(is_locked=who not in self.model.locked)
        work = partial(self.services.users.update_profile, self.viewers[who], change)
        if self._may_act(who):
            self._act(work, fate)
            self.model.locked ^= {who}

    @rule(which=NUMBER, is_accepted=st.booleans(), fate=ACT, jobs=JOBS)
    def answer_a_request(self, which, is_accepted, fate, jobs):
        self.job_fates.extend(jobs)
        if waiting := sorted(self.model.requests):
            one, two = waiting[which % len(waiting)]
            requests = self.services.follow_requests
            act = requests.accept if is_accepted else requests.reject

            def answer():
                with suppress(NotFoundError):  # it was, before the first try died
                    act(self.viewers[two], self.viewers[one].id)

            self._act(answer, fate)
            (self.model.accept if is_accepted else self.model.reject)(two, one)

    @rule(
        act=st.sampled_from(("block", "unblock", "mute", "unmute")),
        pair=PAIR,
        fate=ACT,
    )
    def relate(self, act, pair, fate):
        self._relate(act, pair, fate)

    @rule(pair=PAIR, fate=ACT, jobs=JOBS)
    def put_into_or_out_of_a_list(self, pair, fate, jobs):
        self.job_fates.extend(jobs)
        one, two = pair
        members = self.model.lists[one].members
        if self._may_act(one) and (two in members or pair in self.model.follows):
            act = "remove" if two in members else "add"
            self._act(
                partial(
                    getattr(self.services.lists, act),
                    self.viewers[one],
                    self.world.lists[one],
                    [self.viewers[two].id],
                ),
                fate,
            )
            members ^= {two}

    @rule(
        who=PERSON,
        replies=st.sampled_from(tuple(RepliesPolicy)),
        is_exclusive=st.booleans(),
        fate=ACT,
    )
    def change_a_list(self, who, replies, is_exclusive, fate):
        change = ListChange(replies_policy=replies, is_exclusive=is_exclusive)
        work = partial(
            self.services.lists.change,
            self.viewers[who],
            self.world.lists[who],
            change,
        )
        if self._may_act(who):
            self._act(work, fate)
            self.model.lists[who].replies = replies.value
            self.model.lists[who].is_exclusive = is_exclusive

    @rule(who=PERSON, fate=ACT)
    def follow_a_hashtag_or_not(self, who, fate):
        pair = (who, TAG)
        act = "unfollow" if pair in self.model.tags else "follow"
        work = getattr(self.services.followed_tags, act)
        if self._may_act(who):
            self._act(partial(work, self.viewers[who], TAG), fate)
            self.model.tags ^= {pair}

    @rule(who=PERSON, fate=ACT)
    def filter_or_not(self, who, fate):
        if self._may_act(who):
            self._filter_or_not(who, fate)

    @rule(who=PERSON, fate=ACT)
    def suspend_or_not(self, who, fate):
        act = "suspend" if self._may_act(who) else "unsuspend"
        user_id = self.viewers[who].id
        self._act(partial(getattr(self.services.moderation, act), user_id), fate)
        getattr(self.model, act)(who)

    @rule(who=PERSON, fate=ACT)
    def silence_or_not(self, who, fate):
        act = "unsilence" if who in self.model.silenced else "silence"
        user_id = self.viewers[who].id
        self._act(partial(getattr(self.services.moderation, act), user_id), fate)
        self.model.silenced ^= {who}

    # What happens to the jobs and to the cache.

    @rule(job=st.sampled_from(("rebuild", "trim")), who=PERSON, jobs=JOBS)
    def home_backfill(self, job, who, jobs):
        self.job_fates.extend(jobs)
        self.world.rings(job, str(self.viewers[who].id))

    @rule(who=PERSON, jobs=JOBS)
    def fall_asleep(self, who, jobs):
        """Let a home be hibernated, as if nobody had read it for long."""
        self.job_fates.extend(jobs)
        user_id = self.viewers[who].id
        self.world.kwip.store.database["timelines"].update_one(
            {"_id": home_of(user_id)}, {"$set": {"last_read_at": LONG_AGO}}
        )
        self.world.rings(HIBERNATE, str(user_id))

    @rule()
    def strike(self):
        self.away = STRIKE

    @rule(key=NUMBER)
    def evict(self, key):
        found = sorted(self.world.cache.keys("kw:*"))
        if found:
            self.world.cache.delete(found[key % len(found)])

    @rule()
    def flush(self):
        self.world.cache.flushdb()

    @rule(limit=st.sampled_from((8, 20, 40)), folds_repeats=st.booleans())
    def choose_pages(self, limit, folds_repeats):
        self.page = {"limit": limit, "folds_repeats": folds_repeats}

    @rule(
        pair=PAIR,
        count=st.integers(2, 6),
        step=st.integers(1, 6),
        has_cache=st.booleans(),
    )
    def read_while_jobs_are_done(self, pair, count, step, has_cache):
        """What was there before the jobs is there while they are done.

        With the cache a load that something came between restarts.
        """
        who, author = pair
        for _ in range(count if self._may_act(author) else 0):
            self._write(author, "public", PLAIN, None, WHOLE)
        home = self._timelines(who, is_stored=True)[:1]
        before, seen = [self._read(each) for each in home], []
        self.world.cache.flushdb()

        def read():
            fence = self.world.kwip.fence
            with patch.object(fence, "lease", fence.lease if has_cache else _no_lease):
                seen.extend(self._read(each) for each in home)

        self.world.steps.interrupt(step, read, self._drain)
        for timeline, old, ids in zip(home, before, seen, strict=True):
            self._check_before_delivery(timeline, ids)
            missing = set(old) & set(self._read(timeline)) - set(ids)
            assert not missing, f"{timeline.name}: {missing} was away for a moment"

    # What must hold.

    @invariant()
    def everybody_sees_what_the_model_says(self):
        """Nothing forbidden before the jobs are done, and all that is due after them.

        What is stored is read by everybody, the other timelines by one viewer in turn.
        """
        type(self).ran += 1
        self._check_polls()
        for each in self._stored():
            self._check_before_delivery(each, self._read(each))
        self.away = max(0, self.away - 1)
        if not self.away:
            self._drain()
            self._check(self._stored())
            self._check_pictures()
        name = (None, *PEOPLE)[self.ran % 5]
        self._check_trends(name)
        self._check_ties(name)
        self._check(self._timelines(name, is_stored=False))


def _no_lease():
    return None
