"""A kwip in every state, with words of its own in each of its parts.

What somebody may see of it on another site can be read in the words of an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.media.link_previews import LinkPreview, PreviewKind
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.domain.timelines.lists import ListChange
from kwip.services.accounts.users import SignUp
from tests.pictures import plain, sent

WORD = re.compile(r"w_[a-z]+_[a-z]+_[a-z]+")
#: Who writes the kwips that end up in each state, and for whom.
STATES = {
    "public": ("alice", "public"),
    "unlisted": ("alice", "unlisted"),
    "followers": ("alice", "followers"),
    "direct": ("alice", "direct"),
    "deleted": ("alice", "public"),
    "edited": ("alice", "public"),
    "suspended": ("sam", "public"),
    "optedout": ("otto", "public"),
    "blocked": ("bob", "public"),
}
#: Carol replies to the kwips, quotes and reposts them.
AUTHORS = ("alice", "bob", "sam", "otto", "carol")
#: States in which nothing is shown once everything has happened.
GONE = {"deleted", "suspended", "optedout"}
OPEN = {"public", "unlisted"}


@dataclass(frozen=True)
class Kwip:
    """What a kwip is, and its words by its parts.

    `about` is the plain kwip that it replies to, quotes or reposts.
    """

    id: int
    state: str
    role: str
    author: str
    visibility: str
    parts: dict
    about: Kwip | None = None

    @property
    def is_listed(self):
        return self.visibility == "public" and self.role not in {"reply", "repost"}

    @property
    def root(self):
        return self.about.id if self.role == "reply" else self.id


@dataclass
class World:
    """All kwips, oldest first, and whether everything has happened.

    Everybody but Alice is on her public list.
    """

    people: dict = field(default_factory=dict)
    kwips: list = field(default_factory=list)
    list_id: int = 0
    is_over: bool = False

    def is_shown(self, kwip):
        """Tell whether a kwip may be on another site."""
        if kwip.visibility not in OPEN:
            return False
        if kwip.role in {"reply", "quote"}:  # Carol's own, whatever it is about
            return True
        return not (self.is_over and kwip.state in GONE)

    def shown(self):
        return [kwip for kwip in self.kwips if self.is_shown(kwip)]

    def viewer(self, name):
        return Viewer(id=self.people[name], username=name, digest="")


def fill(services):
    """Write the kwips, and return the world; jobs are still to be done."""
    world = World()
    for name in AUTHORS:
        wanted = SignUp(
            username=name, email=f"{name}@example.org", password="correct horse"
        )
        world.people[name] = services.users.sign_up(wanted).id
        shown = ProfileChange(shows_favourites=True)
        services.users.update_profile(world.viewer(name), shown)
    services.relationships.follow(world.viewer("carol"), world.people["alice"])
    _share(services, world)
    for number, state in enumerate(STATES):
        kwip = _plain(services, world, state, number)
        world.kwips += [kwip, _folded(services, world, state)]
        world.kwips += _answers(services, world, kwip)
    return world


def _share(services, world):
    """Let Alice make a public list."""
    alice, members = world.viewer("alice"), [world.people[n] for n in AUTHORS[1:]]
    for member in members:
        services.relationships.follow(alice, member)
    change = ListChange(title="-", is_public=True)
    world.list_id = services.lists.create(alice, change).id
    services.lists.add(alice, world.list_id, members)


def _publish(services, world, author, text, **fields):
    draft = Draft(text=text, **fields)
    return services.posts.publish(world.people[author], draft).id


def _plain(services, world, state, number):
    """Write a kwip with a described picture."""
    author, visibility = STATES[state]
    parts = {part: f"w_{state}_plain_{part}" for part in ("text", "media")}
    upload = services.attachments.upload(
        world.viewer(author),
        sent(plain(size=(9, 9), colour=(number, 0, 0))),
        AttachmentChange(description=parts["media"]),
    )
    made = _publish(
        services,
        world,
        author,
        f"{parts['text']} green #tea" + " @carol" * (visibility == "direct"),
        visibility=Visibility(visibility),
        attachment_ids=(upload.id,),
    )
    return Kwip(made, state, "plain", author, visibility, parts)


def _folded(services, world, state):
    """Write a kwip with a warning, a poll and a link with a preview."""
    author, visibility = STATES[state]
    names = ("text", "warning", "poll", "card")
    parts = {part: f"w_{state}_folded_{part}" for part in names}
    poll = NewPoll(titles=(parts["poll"], "-"), duration_s=3_600, hides_totals=True)
    made = _publish(
        services,
        world,
        author,
        f"{parts['text']} green #tea https://a.example/",
        visibility=Visibility(visibility),
        warning=parts["warning"],
        poll=poll,
    )
    return Kwip(made, state, "folded", author, visibility, parts)


def _answers(services, world, about):
    """Let Carol favourite and reply; and quote and repost what is for everybody."""
    services.reactions.favourite(world.viewer("carol"), about.id)
    words = {role: f"w_{about.state}_{role}_text" for role in ("reply", "quote")}
    replies = Visibility(about.visibility)
    reply = _publish(
        services,
        world,
        "carol",
        words["reply"],
        visibility=replies,
        in_reply_to_id=about.id,
    )
    of = (about.state, "carol")
    parts = {"text": words["reply"]}
    yield Kwip(reply, of[0], "reply", of[1], about.visibility, parts, about)
    if about.visibility in OPEN:
        quote = _publish(services, world, "carol", words["quote"], quote_of_id=about.id)
        parts = {"text": words["quote"]}
        yield Kwip(quote, of[0], "quote", of[1], "public", parts, about)
        repost = services.reposts.repost(world.viewer("carol"), about.id).post.id
        yield Kwip(repost, of[0], "repost", of[1], about.visibility, {}, about)


def preview(services, world):
    """Give each link its preview, once jobs have looked for others."""
    for kwip in world.kwips:
        if kwip.role == "folded":
            previews = services.previews
            post = previews.posts.get_many([kwip.id])[kwip.id]
            title = kwip.parts["card"]
            link = LinkPreview(
                url="https://a.example/", kind=PreviewKind.LINK, title=title
            )
            previews.of_posts.settle(post, link)
            previews.fence.invalidate(invalidation_rules.preview(post_id=post.id))


def happen(services, world):
    """Delete, edit, suspend, opt out and block; each is acknowledged on return."""
    alice = world.viewer("alice")
    for number, kwip in enumerate(world.kwips):
        if kwip.author == "alice" and kwip.state == "deleted":
            services.posts.delete(alice, kwip.id)
        elif kwip.author == "alice" and kwip.state == "edited":
            world.kwips[number] = _edited(services, alice, kwip)
    services.moderation.suspend(world.people["sam"])
    change = ProfileChange(is_embeddable=False)
    services.users.update_profile(world.viewer("otto"), change)
    services.relationships.block(world.viewer("carol"), world.people["bob"])
    about = {kwip.id: kwip for kwip in world.kwips}
    world.kwips = [
        replace(kwip, about=about[kwip.about.id]) if kwip.about else kwip
        for kwip in world.kwips
    ]
    world.is_over = True


def _edited(services, viewer, kwip):
    """Take the poll and the files out of a kwip, and say something else."""
    parts = {"text": f"w_edited_{kwip.role}_new"}
    if "warning" in kwip.parts:
        parts["warning"] = f"w_edited_{kwip.role}_newly"
    services.posts.edit(
        viewer,
        kwip.id,
        Edit(
            text=f"{parts['text']} green #tea",
            warning=parts.get("warning", ""),
            attachment_ids=(),
            keeps_poll=False,
        ),
    )
    return replace(kwip, parts=parts)
