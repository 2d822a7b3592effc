"""`python -m kwip.cli.starting.demo`: fill an empty database with a small demo world.

The people of a small town, who they follow, and two weeks of their posts, from
`demo_world.json`. Posts go through the posting service with ids from a clock of their
own, and are delivered by the worker like all others.

If it is killed and started again, it continues: every kwip has an idempotency key, and
the job's row remembers when the load began, so all dates stay the same.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.settings import from_environment
from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.clock import at, system_clock_ms, to_ms
from kwip.domain.errors import GoneError, NotFoundError
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.posting.reactions import Act
from kwip.embedded import endpoints as endpoints_of
from kwip.services.accounts.users import SignUp
from kwip.services.posting.claims import CLAIM_LIFETIME_MS
from kwip.store.jobs import Job
from kwip.wiring import Options, build

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from config.endpoints import Endpoints
    from config.settings import Settings
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId, UserId
    from kwip.wiring import Wiring

#: The demo account; printed in the banner of `kwip up`.
USERNAME, PASSWORD = "demo", "demo-demo"

_WORLD = Path(__file__).with_name("demo_world.json")
_JOB = "demo"
_MINUTE_MS, _DAY_MS = 60_000, 86_400_000
#: The people signed up before their first kwip of fourteen days ago.
_ARRIVED_MS = 17 * _DAY_MS
#: "Yesterday" ends at least this long ago: today's kwips come after it.
_TODAY_MS = 10 * 60 * _MINUTE_MS
_POLL_S = 0.05
#: Kwips of this time are favourited, and some of them reposted, and bookmarked by the
#: demo account: enough to see it on every page, and little enough to load in seconds.
_LATELY_MS = 2 * _DAY_MS
_REPOSTED, _BOOKMARKED = 0.35, 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Kwip:
    """One kwip of the world; `parent` is the index of its parent in the plan."""

    author: str
    text: str
    at_ms: int
    language: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    warning: str = ""
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What somebody did with the kwip at an index of the plan, and when."""

    at_ms: int
    username: str
    act: Act
    place: int


class LoadClock:
    """The clock that ids are made from."""

    def __init__(self, ms: int):
        self.ms = ms

    def __call__(self) -> int:
        """Return the moment that is being loaded."""
        return self.ms


def load(
    settings: Settings,
    endpoints: Endpoints,
    *,
    clock: ClockMs = system_clock_ms,
    delivery_s: float = 30.0,
) -> bool:
    """Load the world into an empty database, or finish an interrupted load.

    Returns whether the world is there, once the worker has filled the homes, or after
    `delivery_s`. A database with anyone else in it stays as it is, and so does a load
    that was interrupted a day ago: its keys have expired.
    """
    load_clock = LoadClock(clock())
    options = Options(id_clock=load_clock)
    wiring = build(settings, endpoints, role="worker", options=options)
    try:
        job = wiring.jobs.find(_JOB)
        if job is None:
            if not wiring.stores.users.is_empty():
                return False
            job = Job.begun(_JOB, at(clock()))
            wiring.jobs.save(job)
        started_ms = to_ms(job.started_at)
        if job.state == "running" and clock() - started_ms < CLAIM_LIFETIME_MS:
            wiring.fence.await_lease(within_s=1.0)
            _fill(wiring, load_clock, started_ms)
            wiring.jobs.save(replace(job, state="done", updated_at=at(clock())))
            _await_delivery(wiring, delivery_s)
        return True
    finally:
        wiring.close()


def plan(kwips: Sequence[Mapping[str, Any]], now_ms: int) -> list[Kwip]:
    """Date all kwips and order them by time; every parent precedes its replies.

    `day` 1 is the last whole day; `minutes_ago` is before now, `after` after the
    parent.
    """
    midnight_ms = (now_ms - _TODAY_MS) // _DAY_MS * _DAY_MS
    found: list[tuple[Kwip, int | None]] = []

    def visit(raw: Mapping[str, Any], parent: int | None) -> None:
        if parent is not None:
            at_ms = found[parent][0].at_ms + raw["after"] * _MINUTE_MS
        elif "day" in raw:
            hours, minutes = raw["at"].split(":")
            at_ms = midnight_ms - raw["day"] * _DAY_MS
            at_ms += (int(hours) * 60 + int(minutes)) * _MINUTE_MS
        else:
            at_ms = now_ms - raw["minutes_ago"] * _MINUTE_MS
        # Nobody writes on the full minute.
        at_ms = min(at_ms + len(raw["text"]) * 331 % _MINUTE_MS, now_ms)
        place = len(found)
        found.append((_kwip(raw, at_ms), parent))
        for reply in raw.get("replies", ()):
            visit(reply, place)

    for raw in kwips:
        visit(raw, None)
    order = sorted(range(len(found)), key=lambda i: (found[i][0].at_ms, i))
    place_of = {old: new for new, old in enumerate(order)}
    parents = [found[i][1] for i in order]
    return [
        replace(found[i][0], parent=None if parent is None else place_of[parent])
        for i, parent in zip(order, parents, strict=True)
    ]


def _kwip(raw: Mapping[str, Any], at_ms: int) -> Kwip:
    return Kwip(
        author=raw["author"],
        text=raw["text"],
        at_ms=at_ms,
        language=raw.get("language", "en"),
        visibility=Visibility(raw.get("visibility", "public")),
        warning=raw.get("warning", ""),
    )


def responses(
    kwips: Sequence[Kwip], people: Sequence[Mapping[str, Any]], now_ms: int
) -> list[Response]:
    """Let followers favourite and repost recent kwips; in order of time.

    Who responds to what is derived from the kwip's text, so it is always the same.
    """
    followers: dict[str, list[str]] = {}
    for person in people:
        for name in person["follows"]:
            followers.setdefault(name, []).append(person["username"])
    found = []
    for place, kwip in enumerate(kwips):
        is_late = now_ms - kwip.at_ms < _LATELY_MS
        if not is_late or kwip.visibility is not Visibility.PUBLIC:
            continue
        chance = random.Random(kwip.text)  # noqa: S311 - no secret
        fans = [name for name in followers.get(kwip.author, ()) if name != USERNAME]
        chance.shuffle(fans)
        is_root = kwip.parent is None
        fans = fans[: chance.randrange(1, 6) if is_root else chance.randrange(3)]
        at_ms = kwip.at_ms
        for number, name in enumerate(fans):
            at_ms += chance.randrange(1, 40) * _MINUTE_MS
            found.append(Response(at_ms, name, Act.FAVOURITE, place))
            if is_root and number == 0 and chance.random() < _REPOSTED:
                found.append(Response(at_ms, name, Act.REPOST, place))
        if is_root and chance.random() < _BOOKMARKED:
            found.append(Response(at_ms, USERNAME, Act.BOOKMARK, place))
    return sorted(
        (r for r in found if r.at_ms < now_ms), key=lambda r: (r.at_ms, r.place)
    )


def _fill(wiring: Wiring, clock: LoadClock, started_ms: int) -> None:
    world = json.loads(_WORLD.read_text(encoding="utf-8"))
    clock.ms = started_ms - _ARRIVED_MS
    ids = _sign_up(wiring, clock, world["people"])
    _follow(wiring, world["people"], ids, started_ms)
    kwips = plan(world["kwips"], started_ms)
    posted = _publish(wiring, clock, kwips, ids)
    for response in responses(kwips, world["people"], started_ms):
        clock.ms = response.at_ms
        if response.place in posted:
            viewer = _viewer(ids, response.username)
            _respond(wiring, viewer, response.act, posted[response.place])
    wiring.services.trending.recompute()


def _viewer(ids: Mapping[str, UserId], username: str) -> Viewer:
    return Viewer.without_session(ids[username], username)


def _respond(wiring: Wiring, viewer: Viewer, act: Act, post_id: PostId) -> None:
    services = wiring.services
    with suppress(GoneError, NotFoundError):  # a visitor has deleted it meanwhile
        if act is Act.FAVOURITE:
            services.reactions.favourite(viewer, post_id)
        elif act is Act.BOOKMARK:
            services.reactions.bookmark(viewer, post_id)
        else:
            services.reposts.repost(viewer, post_id, source="demo")


def _sign_up(
    wiring: Wiring, clock: LoadClock, people: Sequence[Mapping[str, Any]]
) -> dict[str, UserId]:
    """Sign up everyone who is missing; nobody knows the others' passwords."""
    ids = dict(wiring.stores.users.ids_of(p["username"] for p in people))
    for person in people:
        name = person["username"]
        clock.ms += 37 * _MINUTE_MS
        if name in ids:
            continue
        user = wiring.services.users.sign_up(
            SignUp(
                username=name,
                email=f"{name}@tillbrook.example",
                password=PASSWORD if name == USERNAME else secrets.token_hex(32),
                display_name=person["display_name"],
                bio=person["bio"],
                avatar=person["avatar"],
            )
        )
        ids[name] = user.id
        shown = ProfileChange(is_discoverable=True)
        wiring.services.users.update_profile(_viewer(ids, name), shown)
    return ids


def _follow(
    wiring: Wiring,
    people: Sequence[Mapping[str, Any]],
    ids: Mapping[str, UserId],
    now_ms: int,
) -> None:
    """Write the follows in bulk, before any home stores a post."""
    edges = [(ids[p["username"]], ids[name]) for p in people for name in p["follows"]]
    wiring.edges.load_edges(edges, at(now_ms))
    following = Counter(follower for follower, _ in edges)
    followers = Counter(followee for _, followee in edges)
    wiring.edges.recount({i: (followers[i], following[i]) for i in ids.values()})


def _publish(
    wiring: Wiring, clock: LoadClock, kwips: Sequence[Kwip], ids: Mapping[str, UserId]
) -> dict[int, PostId]:
    """Publish in order of time; existing kwips are found by their keys.

    Returns the posts by their index in the plan.
    """
    posted: dict[int, PostId] = {}
    for number, kwip in enumerate(kwips):
        if kwip.parent is not None and kwip.parent not in posted:
            continue
        clock.ms = kwip.at_ms
        draft = Draft(
            text=kwip.text,
            visibility=kwip.visibility,
            warning=kwip.warning,
            in_reply_to_id=None if kwip.parent is None else posted[kwip.parent],
            source="demo",
            language=kwip.language,
            idempotency_key=f"demo:{number}",
        )
        try:
            posted[number] = wiring.services.posts.publish(ids[kwip.author], draft).id
        except (GoneError, NotFoundError):
            continue  # a visitor has deleted it, or its parent, meanwhile
    return posted


def _await_delivery(wiring: Wiring, within_s: float) -> None:
    end = time.monotonic() + within_s
    while wiring.outbox.pending_count() and time.monotonic() < end:
        time.sleep(_POLL_S)


def main() -> None:
    """Load the world, and print who can log in."""
    settings = from_environment()
    if load(settings, endpoints_of(settings)):
        print(f"{USERNAME} / {PASSWORD}")  # noqa: T201 -- the supervisor reads it


if __name__ == "__main__":
    main()
