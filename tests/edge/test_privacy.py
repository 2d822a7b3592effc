"""No surface shows a post to anybody who may not see it.

People and posts are drawn at random, with relations and audiences; then every address
of the route table is asked by everybody, and by somebody who is not signed in. Each
text has a word that stands nowhere else, so what an answer shows can be read in it.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from dataclasses import replace
from itertools import count

import pytest

from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import ProfileChange
from kwip.domain.ids import UserId
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.domain.timelines.lists import ListChange
from kwip.jobs.registry import jobs
from kwip.live_app import create_live_app
from kwip.services.delivery.long_polls import LiveTimes
from kwip.services.posting import posts
from kwip.services.timelines import hydration
from kwip.wiring import Options, build
from tests.edge.surfaces import Surface, surfaces
from tests.machine.model import VISIBILITIES, Kwip, List, Model
from tests.people import sign_in
from tests.pictures import plain, sent
from tests.thorough import IS_THOROUGH
from tests.wired import Rings, viewer_of

PEOPLE = ("alice", "bob", "carol", "dave")
WORD = re.compile(r"(?:pict|poll|card)?word\d+x")
ADDRESS = re.compile(
    r"/media/(?:private/(?P<id>\d+)/\w+\.webp\?expires=\d+&signature=\w+"
    r"|[0-9a-f]{2}/(?P<file>[0-9a-f]{32})-(?:large|small|preview)\.webp)"
)
#: Where people come across what they did not ask for.
OFFERED = re.compile(
    r"/$|/(public|tag|tags|search|trends|explore|directory|suggestions|quotes"
    r"|notifications|new)\b(?!.*in:library)"
)
#: What is of one post, beside the post itself.
ONE_POST = re.compile(
    r"(?<!/api/v1/statuses)(?<!/api/v1/accounts)/\d{9,}\b|/statuses/\d{9,}/."
)
POSTS = 5
OPEN = {"duration_s": 3_600, "hides_totals": True}


@pytest.fixture
def seed():
    """Return what towns are drawn by; `PRIVACY_SEED=7 pytest …` draws another one."""
    return int(os.environ.get("PRIVACY_SEED", "0"))


@pytest.fixture
def rings():
    return Rings()


@pytest.fixture
def wiring(settings, endpoints, rings):
    """Return a web process's parts, whose jobs are done when a test says so."""
    options = Options(enqueue=rings, live_times=LiveTimes(longest_s=0.01, deaf_s=0.01))
    made = build(settings, endpoints, role="web", options=options)
    rings.jobs = jobs(made.services)
    assert made.fence.await_lease(within_s=30)
    yield made
    made.close()


class Town:
    """Four people, what they are to each other, what they wrote, and who may see it."""

    def __init__(self, wiring, rings, people, chance):
        self.services = wiring.services
        self._rings = rings
        self._chance = chance
        self.people = {name: people(name) for name in PEOPLE}
        self.model = Model(PEOPLE, lists={name: List() for name in PEOPLE})
        public = ListChange(title="A", is_public=True)
        self.lists = {
            name: self.services.lists.create(self.viewer(name), public)
            for name in PEOPLE
        }
        #: Which post each word is of, and whether it stood there before an edit.
        self.repeated = set()
        self.words = {}
        #: The word that describes each picture, by its id and by its file's name.
        self.pictures = {}
        #: Every address of a picture that anybody was shown, by its word.
        self.addresses = {}
        #: Numbers of readings, if the posts take turns in them.
        self.turns = None

    def viewer(self, name):
        return viewer_of(self.people[name].user)

    def relate(self, act, one, two):
        if act != "follow" or self.model.may_follow(one, two):
            other = self.people[two].user.id
            getattr(self.services.relationships, act)(self.viewer(one), other)
            getattr(self.model, act)(one, two)

    def write(self, author, visibility, named=(), parent=None, quoted=None):
        text, word = self._text(named)
        draft = Draft(
            text=text,
            visibility=Visibility(visibility),
            in_reply_to_id=parent.id if parent else None,
            quote_of_id=quoted.id if quoted else None,
        )
        if parent:  # a post has a picture or a poll
            other, poll = f"poll{word}", NewPoll(titles=(f"poll{word}", "-"), **OPEN)
            draft = replace(draft, poll=poll)
        else:
            other = f"pict{word}"
            draft = replace(draft, attachment_ids=(self._upload(author, other).id,))
        self.repeated |= {each.id for each in (parent, quoted) if each}
        made = self.services.posts.publish(self.people[author].user.id, draft)
        post = Kwip(made.id, author, made.visibility.value, names=frozenset(named))
        self.words[word] = (self.model.add(post), False)
        self.words[other] = (post, False)
        self._preview(made, f"card{word}")
        self.words[f"card{word}"] = (post, False)
        return post

    def _preview(self, post, title):
        """Give a post a preview, with a picture that no other has."""
        previews, colour = self.services.previews, (0, len(self.words), 0)
        image = previews.finder.copy(plain(size=(9, 9), colour=colour))
        link = LinkPreview(url="https://a.example/", kind=PreviewKind.LINK, title=title)
        previews.of_posts.settle(post, replace(link, image=image))
        previews.fence.invalidate(invalidation_rules.preview(post_id=post.id))
        for key in (str(post.id), image.file):
            self.pictures[key] = title

    def _upload(self, author, described):
        """Upload a picture that nobody else has."""
        colour = (len(self.words), 0, 0)
        upload = self.services.attachments.upload(
            self.viewer(author),
            sent(plain(size=(9, 9), colour=colour)),
            AttachmentChange(description=described),
        )
        for key in (str(upload.id), upload.attachment.file):
            self.pictures[key] = described
        return upload

    def written(self):
        """Give every post with a text, each once."""
        return list({post.id: post for post, _ in self.words.values()}.values())

    def edit(self, post, named=()):
        text, word = self._text(named)
        author = self.viewer(post.author)
        self.services.posts.edit(author, post.id, Edit(text=text))
        for old, (of, _) in list(self.words.items()):
            if of is post and old.startswith("word"):
                self.words[old] = (post, True)
        is_direct = post.visibility == "direct"
        post.names = post.names & set(named) if is_direct else frozenset(named)
        self.words[word] = (post, False)

    def delete(self, post):
        self.services.posts.delete(self.viewer(post.author), post.id)
        post.is_gone = True

    def _text(self, named):
        word = f"word{len(self.words)}x"
        return " ".join([word, "#tea", *(f"@{name}" for name in named)]), word

    def fill(self):
        """Let people be something to each other, write, answer and react."""
        chance = self._chance
        for one in PEOPLE:
            for two in set(PEOPLE) - {one}:
                if chance.random() < 0.6:
                    self.relate("follow", one, two)
                    ids = [UserId(self.people[two].user.id)]
                    self.services.lists.add(self.viewer(one), self.lists[one].id, ids)
        for number in range(POSTS):
            named = chance.sample(PEOPLE, chance.randint(0, 2))
            self.write(chance.choice(PEOPLE), VISIBILITIES[number % 4], named)
        for post in chance.sample(self.model.posts, POSTS // 2):
            self._react_to(post)
        self._discover()
        self._rings.run()

    def _discover(self):
        """Let everybody be found, and everything that people react to trend."""
        for name in PEOPLE:
            shown = ProfileChange(is_discoverable=True, shows_favourites=True)
            self.services.users.update_profile(self.viewer(name), shown)
        self.services.trending.recompute()

    def _react_to(self, post):
        for name in PEOPLE:
            if self.model.may_see(name, post):
                viewer = self.viewer(name)
                self.services.reactions.favourite(viewer, post.id)
                self.services.reactions.bookmark(viewer, post.id)
                if self.model.may_repost(name, post):
                    view = self.services.reposts.repost(viewer, post.id)
                    repost = Kwip(view.post.id, name, post.visibility, original=post)
                    self.model.add(repost)
                    self.write(name, "public", quoted=post)
                if self._chance.random() < 0.2:
                    self.write(name, "public", [post.author], parent=post)

    def fall_out(self):
        """Let them part in every way, when all of it has been read before."""
        chance = self._chance
        one, two, three, four = chance.sample(PEOPLE, 4)
        self.relate("block", one, two)
        self.relate("unfollow", two, three)
        self.relate("unfollow", four, one)
        self.relate("mute", three, four)
        deleted, *edited = chance.sample(self.written(), 4)
        self.delete(deleted)
        for post in edited:
            self.edit(post, chance.sample(PEOPLE, 1))

    def suspend(self, name):
        self.services.moderation.suspend(self.people[name].user.id)
        self.model.suspended.add(name)

    def unsuspend(self, name):
        self.services.moderation.unsuspend(self.people[name].user.id)
        self.model.suspended.discard(name)

    def silence(self, name):
        self.services.moderation.silence(self.people[name].user.id)
        self.model.silenced.add(name)

    def unsilence(self, name):
        self.services.moderation.unsilence(self.people[name].user.id)
        self.model.silenced.discard(name)

    # What anybody sees.

    def some(self, surfaces):
        """Give some of the surfaces: posts may take turns at those that are of one.

        All posts are asked for by their ids each time.
        """
        if self.turns is None:
            yield from surfaces
            return
        turn, last, met = next(self.turns), None, count()
        for surface in surfaces:
            kind = re.sub(rf"\d{{9,}}|{'|'.join(PEOPLE)}", "", surface.path)
            if kind != last:
                last, met = kind, count()
            is_turn = next(met) % 10 == turn % 10
            if is_turn or not ONE_POST.search(surface.path):
                yield surface

    def surfaces(self, name):
        """Give every surface, as somebody would ask for it."""
        posts = self.written()
        posts += [post for post in self.model.posts if post.original][:1]
        ids = "&".join(f"id[]={post.id}" for post in posts)
        users = "&".join(f"id[]={each.id}" for each in self.people.values())
        return [
            Surface("/api/v2/search?q=in:library", "optional_token"),
            *self._routed(name, posts, ids, users),
        ]

    def _routed(self, name, posts, ids, users):
        return surfaces(
            {
                "post_id": [
                    {"post_id": post.id, "username": post.author} for post in posts
                ],
                "username": PEOPLE,
                "user_id": [person.id for person in self.people.values()],
                "attachment_id": [each for each in self.pictures if each.isdecimal()],
                "list_id": [self.lists[name or PEOPLE[0]].id],
                "filter_id": [1],
                "keyword_id": [1],
                "filtered_id": [1],
                "draft_id": [1],
                "report_id": [1],
                "announcement_id": [1],
                "notification_id": [1],
                "name": ["tea"],
                "extension": ["json"],
                "table": ["lists"],
                "code": ["mVJsmOlC0xVY"],
                "passkey_id": ["AbZ2"],
                "chosen": ["mentions", "direct", "favourites", "reposts"],
            },
            {"post_ids": ids, "user_ids": users},
        )

    def read(self, text):
        """Give the words in an answer, and those of the pictures that it leads to."""
        text = text.replace("&amp;", "&")
        words = set(WORD.findall(text))
        for match in ADDRESS.finditer(text):
            word = self.pictures[match["id"] or match["file"]]
            self.addresses.setdefault(word, set()).add(match[0])
            words.add(word)
        return words

    def may_read(self, name, word):
        post, is_old = self.words[word]
        if name in self.model.suspended:  # is signed out
            name = None
        if is_old and name != post.author:
            post = replace(post, names=frozenset())
        return self.model.may_see(name, post)

    def may_come_across(self, name, word, path):
        """Tell whether no silence hides a word; quotes and answers may repeat it."""
        post, _ = self.words[word]
        if post.id in self.repeated or not OFFERED.search(path):
            return True
        if name in self.model.suspended:
            name = None
        own = {str(p.id) for p in self.model.posts if p.author == name}
        if "/quotes" in path and own & set(path.split("/")):  # to take them out
            return True
        return not self.model.is_limited(name, post.author)


@pytest.fixture
def town(wiring, rings, people):
    """Return a function that makes a town by a seed."""
    return lambda seed: Town(wiring, rings, people, random.Random(seed))  # noqa: S311


@pytest.fixture
def ask(app, wiring):
    """Return a function that asks for a surface as somebody; gives the text."""
    browsers = {}

    def ask(town, name, surface):
        person = town.people.get(name)
        if person is None:
            return app.test_client(use_cookies=False).get(surface.path)
        if surface.takes_token:
            return person.get(surface.path)
        if name not in browsers:
            browsers[name] = sign_in(app, wiring, person)
        return browsers[name].get(surface.path)

    return ask


def seen_by(town, ask, name, where=""):
    """Read every surface as somebody; give the words by the paths that had them.

    Those that know nobody are the same for everybody, and only read once.
    """
    found = {}
    for surface in town.some(town.surfaces(name)):
        if where in surface.path and (surface.auth != "none" or name is None):
            answer = ask(town, name, surface)
            assert answer.status_code < 500, surface.path
            found[surface.path] = town.read(answer.text)
    return found


def check(town, ask, where="", names=(None, *PEOPLE)):
    """Assert that nobody reads what they may not, and everybody what they may."""
    counts = Counter()
    for name in names:
        for path, words in seen_by(town, ask, name, where).items():
            wrong = {word for word in words if not town.may_read(name, word)}
            assert not wrong, f"{name} reads {wrong} at {path}"
            met = {w for w in words if not town.may_come_across(name, w, path)}
            assert not met, f"{name} reads {met} of somebody silenced at {path}"
            counts[path.split("?")[0]] += len(words)
        for word, (post, is_old) in town.words.items():
            is_in = name not in town.model.suspended
            if is_in and not is_old and town.may_read(name, word):
                assert counts[f"/api/v1/statuses/{post.id}"], (name, post)
    return counts


def check_addresses(town, client):
    """Assert that the pictures of hidden posts are gone, and all others are there.

    A suspension leaves the pictures of cards: they are of other sites' pages.
    """
    for word, addresses in town.addresses.items():
        post, _ = town.words[word]
        is_withheld = post.author in town.model.suspended and "card" not in word
        is_hidden = post.is_gone or is_withheld
        for address in addresses:
            with client.get(address) as answer:
                assert answer.status_code == (404 if is_hidden else 200), address


def check_polls(town, wiring, settings):
    """Assert that a poll tells nobody of a post that they may not see."""
    live = create_live_app(wiring, settings)
    for name in PEOPLE:
        browser, model = sign_in(live, wiring, town.people[name]), town.model
        for path, rule in (("home", model.home), ("public", model.public)):
            answer = browser.get(f"/poll/{path}?since_id=0")
            allowed = model.allowed(name, rule)
            if answer.status_code == 200:
                assert int(answer.json["newest_id"]) in allowed, (name, path)
                assert answer.json["count"] <= len(allowed), (name, path)
            else:
                assert (answer.status_code, allowed) == (204, set()), (name, path)


def test_no_surface_shows_anybody_what_they_may_not_see(
    town, ask, wiring, settings, seed, client
):
    town = town(seed)
    town.turns = None if IS_THOROUGH else count()
    town.fill()
    before = check(town, ask, "/api/v1")  # and from now on it is cached
    suspended, silenced, other = random.Random(seed).sample(PEOPLE, 3)  # noqa: S311
    town.suspend(suspended)
    town.silence(silenced)
    check(town, ask, names=(None, suspended, other))
    check_addresses(town, client)
    town.unsuspend(suspended)
    town.unsilence(silenced)
    town.fall_out()
    counts = check(town, ask)
    check_polls(town, wiring, settings)
    check_addresses(town, client)

    gone = [word for word in town.addresses if town.words[word][0].is_gone]
    assert len(town.addresses) > len(gone) > 0
    assert sum(count > 0 for count in counts.values()) > 40, counts
    assert before["/api/v1/trends/statuses"] > 0


@pytest.mark.parametrize("place", [hydration, posts])
def test_the_oracle_finds_a_look_at_who_may_see_taken_out(
    town, ask, monkeypatch, place
):
    """In `posts` only earlier texts are looked after."""
    town = town(0)
    town.relate("unfollow", "bob", "alice")
    town.edit(town.write("alice", "followers"), ["bob"])
    town.write("alice", "followers")
    check(town, ask, "/api/v1/statuses")
    monkeypatch.setattr(place, "may_see", lambda _, __, post: not post.is_tombstone)

    with pytest.raises(AssertionError, match="reads"):
        check(town, ask, "/api/v1/statuses")


@pytest.mark.parametrize("rule", ["block", "suspend"])
def test_the_oracle_finds_an_invalidation_taken_out(town, ask, monkeypatch, rule):
    town = town(0)
    town.write("alice", "public")
    check(town, ask, "/api/v1/statuses")
    monkeypatch.setattr(invalidation_rules, rule, lambda **_: ())
    if rule == "block":
        town.relate("block", "alice", "bob")
    else:
        town.suspend("alice")

    with pytest.raises(AssertionError, match="reads"):
        check(town, ask, "/api/v1/statuses")
