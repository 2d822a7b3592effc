"""Every address at which other sites read Kwip: one row each, and what it may show."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from tests.widgets.world import AUTHORS, WORD

if TYPE_CHECKING:
    from collections.abc import Callable

JSON, TEXT, PAGE = "application/json", "text/plain", "text/html"
SVG = "image/svg+xml"


@dataclass(frozen=True)
class Showing:
    """Which words an answer has of a kwip: as it is, folded, and quoted by another."""

    plain: frozenset
    folded: frozenset
    quoted: frozenset

    def words(self, world, kwip):
        if kwip.role == "repost":
            return self.words(world, kwip.about)
        wanted = self.folded if "warning" in kwip.parts else self.plain
        words = {word for part, word in kwip.parts.items() if part in wanted}
        if kwip.role == "quote" and world.is_shown(kwip.about):
            parts = kwip.about.parts.items()
            words |= {word for part, word in parts if part in self.quoted}
        return words


def _showing(plain, folded, quoted=""):
    return Showing(*(frozenset(each.split()) for each in (plain, folded, quoted)))


WHOLE = _showing("text media", "text warning poll card", "text media")
#: Feeds leave out what a warning covers.
ENTRY = _showing("text media", "warning", "text")
#: What stands on another site until a frame takes its place.
EXCERPT = _showing("text", "warning")
NOTHING = _showing("", "")


@dataclass(frozen=True)
class Surface:
    """A row: an address, of what it is, and which of the kwips that are shown it has.

    `error` is the type of its errors, `missing` if there is no such thing. `gone` is
    the status for a deleted kwip and for a suspended user.
    """

    path: str
    kwips: Callable
    shows: Showing = WHOLE
    error: str = JSON
    missing: str = ""
    gone: int = 404

    @property
    def subject(self):
        if "{post_id}" in self.path:
            return "post"
        if "{list_id}" in self.path:
            return "list"
        return "user" if "{name}" in self.path else ""

    def expected(self, world, subject):
        """Give the words of an answer about a subject."""
        kwips = [kwip for kwip in world.shown() if self.kwips(kwip, subject)]
        kwips = kwips[-1:] if self.kwips is newest else kwips
        return {word for kwip in kwips for word in self.shows.words(world, kwip)}

    def status(self, world, subject):
        """Give the status of an answer about a user, a kwip or nothing of them."""
        if not subject:
            return 200
        if isinstance(subject, str):
            ends = {"sam": self.gone, "otto": 404} if world.is_over else {}
            return ends.get(subject, 200)
        if world.is_shown(subject):
            return 200
        return self.gone if subject.state == "deleted" else 404


def asked(world, rows):
    """Give each address of some rows, with its row and what it is about."""
    posts = [k for k in world.kwips if k.role in {"plain", "folded", "reply"}]
    subjects = {"": [""], "user": AUTHORS, "post": posts, "list": [""]}
    for row in rows:
        for subject in subjects[row.subject]:
            named = {"name": subject or "carol", "list_id": world.list_id}
            if row.subject == "post":
                named = {"name": subject.author, "post_id": subject.id}
            yield row.path.format(**named), row, subject


def words(text):
    return set(WORD.findall(text))


# Which kwips are at an address, of those that are shown anywhere.


def listed(kwip, _):
    return kwip.is_listed


def listed_media(kwip, _):
    return kwip.is_listed and "media" in kwip.parts


def tagged(kwip, _):
    return kwip.is_listed and kwip.role != "quote"


def everything(kwip, name):
    return kwip.author == name


def no_replies(kwip, name):
    return kwip.author == name and kwip.role != "reply"


def media(kwip, name):
    return kwip.author == name and "media" in kwip.parts


def on_list(kwip, _):
    return kwip.visibility == "public" and kwip.author != "alice"


def on_list_no_replies(kwip, _):
    return on_list(kwip, _) and kwip.role != "reply"


def favourites(kwip, name):
    return name == "carol" and kwip.visibility == "public" and kwip.role == "plain"


def newest(kwip, name):
    return kwip.author == name and kwip.role not in {"reply", "repost"}


def nothing(*_):
    return False


def itself(kwip, post):
    return kwip == post


def conversation(kwip, post):
    return kwip.role != "repost" and kwip.root == post.root


def replies(kwip, post):
    return kwip == post or (kwip.role == "reply" and kwip.about == post)


_V1 = "/api/widgets/v1"
_JSON = [
    Surface(f"{_V1}/public?limit=40", listed),
    Surface(f"{_V1}/public?limit=40&order=active", listed),
    Surface(f"{_V1}/public?limit=40&media=true", listed_media),
    Surface(f"{_V1}/tag/tea?limit=40", tagged),
    Surface(f"{_V1}/search?q=green&limit=40", tagged),
    Surface(f"{_V1}/user/{{name}}?limit=40", everything),
    Surface(f"{_V1}/user/{{name}}?limit=40&replies=false", no_replies),
    Surface(f"{_V1}/user/{{name}}/favourites?limit=40", favourites),
    Surface(f"{_V1}/user/{{name}}/profile", nothing),
    Surface(f"{_V1}/user/{{name}}/stats", nothing),
    Surface(f"{_V1}/list/{{list_id}}?limit=40", on_list),
    Surface(f"{_V1}/post/{{post_id}}", itself),
    Surface(f"{_V1}/thread/{{post_id}}", conversation),
    Surface(f"{_V1}/thread/{{post_id}}?shape=nested&limit=40", conversation),
]
_FEEDS = [
    Surface(
        f"{base}.{ending}{query}limit=40",
        kwips,
        ENTRY,
        error=JSON if ending == "json" else TEXT,
        gone=410,
    )
    for (base, query, kwips), ending in product(
        [
            ("/public", "?", listed),
            ("/tags/tea", "?", tagged),
            ("/search", "?q=green&", tagged),
            ("/@{name}", "?", no_replies),
            ("/@{name}/with-replies", "?", everything),
            ("/@{name}/media", "?", media),
            ("/@{name}/favourites", "?", favourites),
            ("/lists/{list_id}", "?", on_list),
            ("/@{name}/{post_id}", "?", replies),
        ],
        ("rss", "atom", "json"),
    )
]
_FRAMES = [
    Surface(path, kwips, error=PAGE, gone=410)
    for path, kwips in [
        ("/embed/post/{post_id}", itself),
        ("/embed/thread/{post_id}?limit=40", conversation),
        ("/embed/user/{name}?limit=40", no_replies),
        ("/embed/user/{name}?limit=40&replies=true", everything),
        ("/embed/user/{name}/favourites?limit=40", favourites),
        ("/embed/tag/tea?limit=40", tagged),
        ("/embed/list/{list_id}?limit=40", on_list_no_replies),
    ]
]
ORIGIN = "http://127.0.0.1:8000"
_OTHERS = [
    Surface(f"/api/oembed?url={ORIGIN}/@{{name}}/{{post_id}}", itself, EXCERPT),
    Surface(f"/api/oembed?url={ORIGIN}/@{{name}}", nothing),
    Surface(f"/api/oembed?url={ORIGIN}/tags/tea", nothing),
    Surface(f"/api/oembed?url={ORIGIN}/embed/list/{{list_id}}", nothing),
    Surface("/@{name}/{post_id}/embed", itself, error=PAGE, gone=410),
    Surface("/badge/{name}.svg", nothing, missing=SVG),
    Surface("/badge/{name}.svg?show=latest", newest, EXCERPT, missing=SVG),
]
SURFACES = [*_JSON, *_FEEDS, *_FRAMES, *_OTHERS]
