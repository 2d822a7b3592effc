"""How a machine does what its rules say, and compares what everybody sees."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import ClassVar, NamedTuple

from hypothesis.stateful import RuleBasedStateMachine

from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.media.attachments import AttachmentChange, AttachmentFile
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.social.keyword_filters import (
    FilterAction,
    FilterChange,
    FilterContext,
    KeywordChange,
)
from kwip.domain.timelines.pages import PageRequest
from tests.machine.model import Kwip
from tests.machine.timelines import AGAIN, downwards, timelines_of, upwards
from tests.machine.world import PEOPLE, World
from tests.pictures import BLUE, RED, plain, sent


class Fate(NamedTuple):
    """What happens to an act or a job, after which of its steps."""

    name: str
    step: int


WHOLE = Fate("whole", 0)
WORDLESS = AttachmentChange()
HIDING = FilterChange(
    title="Hidden",
    contexts=(FilterContext.HOME,),
    action=FilterAction.HIDE,
    keywords=(KeywordChange(text=AGAIN, is_whole_word=True),),
)
ASKED = NewPoll(titles=("Yes", "No"), duration_s=86_400)


class Doing(RuleBasedStateMachine):
    """What is common to all rules; a subclass has the `world`."""

    world: ClassVar[World]
    #: How many rules have been run, by all runs of this class.
    ran: ClassVar[int] = 0

    def __init__(self):
        super().__init__()
        self.world.reset()
        self.services = self.world.kwip.services
        self.viewers = self.world.viewers
        self.model = deepcopy(self.world.model)
        self.job_fates = deque()
        self.away = 0
        self.page = {"limit": 40, "folds_repeats": False}

    # What is compared.

    def _stored(self):
        return [
            each
            for name in (None, *PEOPLE)
            for each in self._timelines(name, is_stored=True)
        ]

    def _timelines(self, name, *, is_stored):
        if name in self.model.suspended:
            return []
        found = timelines_of(
            self.services, self.model, self.viewers, self.world.lists, name
        )
        return [each for each in found if each.is_stored == is_stored]

    def _check(self, timelines):
        """Read timelines in both orders and directions, and compare with the model."""
        for each in timelines:
            for is_active in (False,) if each.is_plain else (False, True):
                wanted = self._wanted(each, is_active=is_active)
                for direction in (downwards, upwards):
                    seen = self._read(each, direction, is_active=is_active)
                    assert seen == wanted, f"{each.name}: {seen} is not {wanted}"

    def _check_before_delivery(self, timeline, seen):
        """Nothing forbidden, nothing twice, and what somebody wrote is there."""
        name = timeline.name
        assert seen == sorted(set(seen), reverse=True), (
            f"{name}: twice, or not in order"
        )
        extra = set(seen) - self.model.allowed(_viewer_of(timeline), timeline.rule)
        assert not extra, f"{name}: {extra} is forbidden"
        authors = {post.id: post.author for post in self.model.posts}
        own = {i for i in self._wanted(timeline) if name == f"home of {authors[i]}"}
        assert own <= set(seen), f"{name}: {own - set(seen)} is one's own and missing"

    def _wanted(self, timeline, *, is_active=False):
        order = self.model.active if is_active else self.model.shown
        return order(
            _viewer_of(timeline),
            timeline.rule,
            is_folded=self.page["folds_repeats"] and not timeline.is_plain,
        )

    def _check_view(self, viewer, view):
        """A post shows of what it quotes, and of its link, what it should."""
        post = next(p for p in self.model.posts if p.id == view.post.id)
        quote, preview = view.quote, view.post.preview
        state, wanted = quote and quote.state.value, self.model.quote(viewer, post)
        assert state == wanted, f"{viewer} has {post.id} {state}, not {wanted}"
        if quote and quote.view:
            assert quote.view.post.id == post.quoted.id
        card = preview and preview.title
        assert card == post.card, f"{viewer} has {card} in {post.id}, not {post.card}"

    def _check_trends(self, name):
        """Of the posts that trend, somebody is shown all that they may see."""
        if name not in self.model.suspended:
            stored = self.services.trending.store.trends(["posts"])["posts"]
            allowed = self.model.allowed(name, self.model.tag)
            wanted = [int(t.name) for t in stored if int(t.name) in allowed]
            loader, viewer = self.services.loaders.begin(), self.viewers.get(name)
            found = self.services.trends.posts(viewer, loader)
            seen = [view.post.id for view in found]
            assert seen == wanted, f"trends for {name}: {seen} is not {wanted}"

    def _check_ties(self, name):
        """Somebody knows whom they follow or ask to, and who asks or follows back."""
        if name is None or name in self.model.suspended:
            return
        loader, viewer = self.services.loaders.begin(), self.viewers[name]
        others = [each for each in PEOPLE if each != name]
        ids = [self.viewers[each].id for each in others]
        ties = self.services.relationships.between(viewer, loader, ids)
        model = self.model
        for other, tie in zip(others, ties, strict=True):
            there, back = (name, other), (other, name)
            assert tie.is_following == (there in model.follows), there
            assert tie.is_requested == (there in model.requests), there
            assert tie.is_requested_by == (back in model.requests), back
        found = self.services.people.requesting(viewer, loader, PageRequest()).items
        asking = {one for one, two in model.requests if two == name}
        assert {view.user.username for view in found} == asking, name

    def _check_pictures(self):
        """Files are where everybody gets them if an open post has them, else not."""
        shown = [post for post in self.model.posts if post.picture]
        for post in shown:
            is_there = not post.is_gone and self._may_act(post.author)
            with suppress(NotFoundError):
                uploads = self.services.attachments
                uploads.read_private(post.picture.id, "small.webp").content.close()
                assert is_there, f"the picture of {post.id} is readable"
                is_there = False
            assert not is_there, f"the picture of {post.id} is not readable"
        open_files = {
            post.picture.file for post in shown if self.model.may_see(None, post)
        }
        for file in {post.picture.file for post in shown}:
            path = AttachmentFile(file, "small.webp", is_open=True).path
            is_open = self.services.attachments.files.media.has(path)
            assert is_open == (file in open_files), f"{file} is open: {is_open}"

    # How it is done.

    def _read(self, timeline, direction=downwards, *, is_active=False):
        loader = self.services.loaders.begin()
        views = direction(timeline.read, loader, is_active=is_active, **self.page)
        for view in views:
            self._check_view(_viewer_of(timeline), view.shown)
        return [view.post.id for view in views]

    def _may_act(self, name):
        return name not in self.model.suspended

    def _pick(self, number, rule):
        found = [post for post in self.model.posts if rule(post)]
        return found[-1 - number % len(found)] if found else None

    def _texts(self, text):
        """Give what a text says, and that with whom it names."""
        is_new = not text["is_said_again"]
        words = f"Number {self.ran}.{len(self.model.posts)}" if is_new else AGAIN
        says = " ".join([words, *(f"#{tag}" for tag in text["tags"])])
        return says, " ".join([says, *(f"@{name}" for name in text["names"])])

    def _upload(self, author):
        """Upload one of two pictures, so that people have the same ones."""
        colour = (RED, BLUE)[len(self.model.posts) % 2]
        return self.services.attachments.upload(
            self.viewers[author], sent(plain(size=(9, 9), colour=colour)), WORDLESS
        ).attachment

    def _write(self, author, visibility, text, parent, fate, quoted=None):
        says, full = self._texts(text)
        picture = self._upload(author) if text["has_picture"] else None
        is_plain = parent or quoted or picture or text["is_said_again"]
        draft = Draft(
            text=full,
            visibility=Visibility(visibility),
            in_reply_to_id=parent.id if parent else None,
            idempotency_key=str(len(self.model.posts)),
            poll=None if is_plain else ASKED,
            quote_of_id=quoted.id if quoted else None,
            attachment_ids=(picture.id,) if picture else (),
        )
        post = self._act(
            partial(self.services.posts.publish, self.viewers[author].id, draft), fate
        )
        marks = {name: text[name] for name in ("names", "tags")}
        marks |= {"votes": {} if post.poll else None, "picture": picture}
        marks |= {"parent": parent, "quoted": quoted}
        self.model.add(Kwip(post.id, author, visibility, says, **marks))

    def _vote(self, who, post, fate):
        """Vote for the option that the number of votes says, where that is allowed."""
        if post.votes is None or who == post.author or who in post.votes:
            return
        choice = len(post.votes) % len(ASKED.titles)
        voter = self.viewers[who]

        def vote():
            with suppress(InvalidError):  # it was counted, before the first try died
                self.services.polls.vote(voter, post.id, [choice])

        self._act(vote, fate)
        post.votes[who] = choice

    def _check_polls(self):
        """Compare the stored counts of all polls with the votes, each counted once."""
        asked = {p.id: p.votes for p in self.model.posts if p.votes and not p.is_gone}
        found = self.world.kwip.stores.posts.get_many(list(asked))
        for post_id, votes in asked.items():
            chosen = [*votes.values()]
            wanted = (len(chosen), *map(chosen.count, range(len(ASKED.titles))))
            assert found[post_id].poll.counts == wanted, post_id

    def _filter_or_not(self, who, fate):
        """Hide in home what is said again, or hide nothing; both may be repeated."""
        filters, viewer = self.services.filters, self.viewers[who]
        pair = who, AGAIN

        def work():
            for each in filters.overview(viewer, self.services.loaders.begin()):
                filters.delete(viewer, each.id)
            if pair not in self.model.filters:
                filters.create(viewer, HIDING)

        self._act(work, fate)
        self.model.filters ^= {pair}

    def _relate(self, act, pair, fate):
        if self._may_act(pair[0]):
            one, two = (self.viewers[name] for name in pair)
            work = partial(getattr(self.services.relationships, act), one, two.id)
            self._act(work, fate)
            getattr(self.model, act)(*pair)

    def _act(self, work, fate):
        """Do what somebody asks for; who dies on the way is asked again."""
        steps, waiting, result = self.world.steps, self.world.rings.waiting, []

        def act():
            result[:] = [work()]

        if fate.name == "killed":
            steps.kill(fate.step, act)
            act()
        elif fate.name == "around":
            steps.interrupt(fate.step, act, self._run_waiting)
        elif fate.name == "inside" and waiting:
            job = self.next_job()
            if not steps.interrupt(fate.step, job, act):
                act()
        else:
            act()
        return result[0]

    def _drain(self):
        """Do all that was rung for, each as it is fated, and sweep up the rest."""
        self._run_waiting()
        for _ in range(8):
            if not self.world.is_waiting():
                return
            self.world.clock.ahead_ms += self.world.long_ms
            self.world.kwip.sweeper.sweep()
            self._run_waiting()
        raise AssertionError("something is never delivered")

    def next_job(self):
        """Take what was rung for first, to be done."""
        name, job_id = self.world.rings.waiting.pop(0)
        return partial(self.world.rings.jobs[name], job_id)

    def _run_waiting(self):
        waiting, steps = self.world.rings.waiting, self.world.steps
        while waiting:
            job = self.next_job()
            name, step = self.job_fates.popleft() if self.job_fates else WHOLE
            if name == "killed":
                steps.kill(step, job)
            elif name == "interleaved" and waiting:
                other = self.next_job()
                if not steps.interrupt(step, job, other):
                    other()
            elif name != "lost":
                job()
            if name == "doubled":
                job()


def _viewer_of(timeline):
    """Give who reads a timeline, None being nobody signed in."""
    name = timeline.name.rpartition(" ")[2]
    return name if name in PEOPLE else None
