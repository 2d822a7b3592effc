"""`kwip world drive`: send realistic traffic to a running site, and time it."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import click
from flask import Flask, session

from kwip.blueprints import login
from kwip.cli import json_option, print_json
from kwip.cli.bars import Bars
from kwip.cli.running import connected, require_stack, require_web
from kwip.cli.traffic.open_loop import OpenLoop
from kwip.cli.up import address
from kwip.domain.accounts.users import Viewer
from kwip.domain.errors import NotFoundError
from kwip.domain.ids import MAX_ID
from kwip.domain.world.driving import plan, sum_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flask.sessions import SecureCookieSession

    from config.settings import Settings
    from kwip.domain.accounts.users import User
    from kwip.domain.ids import UserId
    from kwip.domain.world.driving import Driven, Planned
    from kwip.wiring import Wiring

_NAME = "world drive"
_THREADS = 4
#: The threads that are read: of the newest posts of the public timeline.
_THREADS_OF = 200


@click.command("drive")
@click.option(
    "--rate",
    type=click.FloatRange(min=0.1, max=10_000),
    default=25.0,
    show_default=True,
    help="Average number of requests per second.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=1, max=3_600),
    default=30.0,
    show_default=True,
    help="How long to send requests, in seconds.",
)
@click.option(
    "--people",
    type=click.IntRange(min=2, max=1_000_000),
    default=5_000,
    show_default=True,
    help="Number of different users who make requests.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Random seed: decides who requests what and when.",
)
@json_option
@click.pass_obj
def command(
    settings: Settings,
    *,
    rate: float,
    seconds: float,
    people: int,
    seed: int,
    as_json: bool,
) -> None:
    """Send realistic traffic to a test site, and time the answers.

    Of 100 requests, 70 read a home timeline through the API, 15 read a page, 10 read a
    widget, 4 publish a post and 1 follows someone. They act as real users of the site,
    so only use this on a test site. Each request is sent at its time, even if earlier
    ones have not been answered.
    """
    require_stack(settings)
    require_web(settings)
    planned = list(plan(rate, seconds, seed))
    with (
        connected(settings) as wiring,
        Bars(is_quiet=as_json) as bars,
        crowd(wiring, settings, people, planned) as acting,
    ):
        to = urlsplit(address(settings))
        requests = [(each, acting.request(each)) for each in planned]
        bars.begin("requests", len(requests))
        loop = OpenLoop(to.hostname or "", to.port or 80, bars.advance)
        driven = sum_up(rate, seconds, loop.run(requests))
    if as_json:
        print_json(asdict(driven))
    else:
        _print(driven)


@dataclass(frozen=True, slots=True)
class _Person:
    """A user, with credentials for the API and for pages."""

    user: User
    token: str
    cookie: str
    token_id: str
    session_id: str


class Crowd:
    """The users of a load, and what they request."""

    def __init__(
        self,
        people: Sequence[UserId],
        signed_in: Mapping[UserId, _Person],
        threads: Sequence[str],
    ):
        self._people = people
        self._signed_in = signed_in
        self._everybody = [person.user for person in signed_in.values()]
        self._threads = threads

    def request(self, planned: Planned) -> bytes:
        """Write the HTTP request of one act."""
        person = self._signed_in[_who(planned, self._people)]
        chance = random.Random(planned.draw)  # noqa: S311 -- no secret
        other = chance.choice(self._everybody)
        match planned.act:
            case "home":
                return _http("GET", "/api/v1/timelines/home?limit=20", person.token)
            case "page":
                return _http("GET", self._page(chance, other), cookie=person.cookie)
            case "widget":
                return _http("GET", f"/api/widgets/v1/user/{other.username}?limit=20")
            case "follow":
                path = f"/api/v1/accounts/{other.id}/follow"
                return _http("POST", path, person.token, body={})
            case "post":
                body = {"status": f"{person.user.username} says {chance.random()}"}
                return _http("POST", "/api/v1/statuses", person.token, body=body)

    def _page(self, chance: random.Random, other: User) -> str:
        profile = f"/@{other.username}"
        thread = chance.choice(self._threads or [profile])
        return chance.choice(("/home", "/home", "/", profile, thread))


def _who(planned: Planned, people: Sequence[UserId]) -> UserId:
    """Choose who makes a request."""
    return people[int(planned.draw * len(people))]


def _http(
    method: str,
    path: str,
    token: str = "",
    *,
    cookie: str = "",
    body: Mapping[str, str] | None = None,
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: kwip", "Accept-Encoding: gzip"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if cookie:
        lines.append(f"Cookie: {cookie}")
    content = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


@contextmanager
def crowd(
    wiring: Wiring,
    settings: Settings,
    size: int,
    planned: Sequence[Planned] | None = None,
) -> Iterator[Crowd]:
    """Choose people and sign them in; sign them out again at the end.

    With `planned`, only those who make one of these requests.

    Raises:
        NotFoundError: There are no users.
    """
    users = wiring.stores.users
    ids = [user_id for some in users.iter_ids() for user_id in some]
    if not ids:
        raise NotFoundError("There are no users. Run `kwip world load` first.")
    chance = random.Random(1)  # noqa: S311 -- no secret; the same people each time
    people = chance.sample(ids, min(size, len(ids)))
    who = people if planned is None else {_who(each, people) for each in planned}
    acting = users.get_many(sorted(who))
    # Take the cache lease before the first write, not during it.
    wiring.fence.await_lease(within_s=1.0)
    sign_in = _SignIn(wiring, settings.origin)
    with ThreadPoolExecutor(_THREADS) as pool:
        signed_in = dict(zip(acting, pool.map(sign_in, acting.values()), strict=True))
        try:
            yield Crowd(people, signed_in, _threads(wiring))
        finally:
            list(pool.map(sign_in.undo, signed_in.values()))


def _threads(wiring: Wiring) -> list[str]:
    """Return the addresses of some threads."""
    listed = wiring.stores.posts.listed(below=MAX_ID, limit=_THREADS_OF)
    authors = wiring.stores.users.get_many([entry.author_id for entry in listed])
    return [
        f"/@{authors[entry.author_id].username}/{entry.post_id}"
        for entry in listed
        if entry.author_id in authors
    ]


class _SignIn:
    """Sign users in without a password, for the API and for pages."""

    def __init__(self, wiring: Wiring, origin: str):
        self._access = wiring.services.authentication
        self._account = wiring.services.account
        self._app = Flask("drive")
        keys = wiring.endpoints.secret_keys
        self._app.config.from_mapping(login.cookie_settings(origin, keys))
        login.install(self._app)

    def __call__(self, user: User) -> _Person:
        """Create a token and a session."""
        viewer = Viewer.without_session(user.id, user.username)
        info, token = self._access.create_token(viewer, _NAME, viewer.scopes)
        begun = self._access.begin_session(user.id, user.username, _NAME)
        answer = self._app.response_class()
        with self._app.test_request_context("/login"):
            login.sign_in(begun)
            login.form_token()
            held = cast("SecureCookieSession", session)
            self._app.session_interface.save_session(self._app, held, answer)
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return _Person(user, token, cookie, info.id, begun.id.digest)

    def undo(self, person: _Person) -> None:
        """End both."""
        viewer = Viewer.without_session(person.user.id, person.user.username)
        with suppress(NotFoundError):  # it was ended elsewhere
            self._access.revoke_token(viewer, person.token_id)
            self._account.end_session(viewer, person.session_id)


def _print(driven: Driven) -> None:
    for name, value in asdict(driven).items():
        for inner, number in value.items() if isinstance(value, dict) else ():
            click.echo(f"{name.removesuffix('_ms') + ' ' + inner:<20}{number!s:>10}")
        if not isinstance(value, dict):
            click.echo(f"{name:<20}{value!s:>10}")
