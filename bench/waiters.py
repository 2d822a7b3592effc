"""How much memory waiting readers take, and how fast one kwip reaches all of them.

Starts a stack of its own on loopback: `python -m bench.waiters [READERS]`. Each reader
has an account, a session and one long poll for home; all follow one author, who then
posts once through the API.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from flask import session
from flask.sessions import SecureCookieSessionInterface

from bench.stacks import free_port, kwip_stack
from config.settings import load
from kwip.app import create_app
from kwip.blueprints import login
from kwip.domain.accounts.users import READ, WRITE, User, Viewer
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import UserId
from kwip.embedded import endpoints
from kwip.embedded.children import ROLE, marked
from kwip.embedded.home_folder import HomeFolder
from kwip.wiring import build

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.wiring import Wiring

READERS = 2_000
ENTER_S, WAKE_S = 60.0, 60.0


def main(readers: int) -> None:
    """Print what was measured, as JSON."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder:
        chosen = {"KWIP_LIVE_PORT": str(free_port())}
        with kwip_stack(Path(folder) / "home", chosen) as environ:
            settings = load(environ)
            wiring = build(settings, endpoints(settings), role="cli")
            try:
                print(json.dumps(measure(settings, wiring, readers), indent=2))
            finally:
                wiring.close()


def measure(settings: Settings, wiring: Wiring, readers: int) -> dict[str, object]:
    """Let everyone wait, measure the process, post once, and wait for all answers."""
    wiring.fence.await_lease(within_s=5.0)
    author, crowd = people(wiring, readers)
    viewer = Viewer(id=author.id, username=author.username, digest="")
    scopes = frozenset({READ, WRITE})
    token = wiring.services.authentication.create_token(viewer, "bench", scopes)[1]
    since_id = say(settings, token, "Before anybody waits")
    cookies = cookies_of(settings, wiring, crowd)
    idle = live_pss(settings)
    sockets = [enter(settings, cookie, since_id) for cookie in cookies]
    wait_until_all_wait(settings, readers)
    waiting = live_pss(settings)
    began = time.monotonic()
    say(settings, token, "Hello, all of you")
    said = time.monotonic() - began
    answered = sorted(when - began for when in answers(sockets))
    return {
        "readers": readers,
        "idle_mb": [round(mb, 1) for mb in idle],
        "waiting_mb": [round(mb, 1) for mb in waiting],
        "kb_for_each": round((sum(waiting) - sum(idle)) * 1000 / readers, 1),
        "said_after_s": round(said, 3),
        "first_woken_after_s": round(answered[0], 3),
        "half_woken_after_s": round(answered[len(answered) // 2], 3),
        "last_woken_after_s": round(answered[-1], 3),
        "answers": len(answered),
        "after_mb": [round(mb, 1) for mb in live_pss(settings)],
    }


def people(wiring: Wiring, readers: int) -> tuple[User, list[User]]:
    """Create an author and that many followers."""
    ids = wiring.services.users.ids
    names = ["author", *(f"reader{number}" for number in range(readers))]
    users = [
        User(
            id=UserId(ids.next_id(ids.random_slot())), username=name, display_name=name
        )
        for name in names
    ]
    wiring.stores.users.create_many(users)
    author, *crowd = users
    edges = [(reader.id, author.id) for reader in crowd]
    wiring.edges.load_edges(edges, at(system_clock_ms()))
    return author, crowd


def cookies_of(settings: Settings, wiring: Wiring, crowd: list[User]) -> list[str]:
    """Begin a session for each reader; return the cookies."""
    app = create_app(wiring, settings)
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    signer = interface.get_signing_serializer(app)
    assert signer is not None
    cookies = []
    for user in crowd:
        credential = wiring.services.authentication.begin_session(
            user.id, user.username, ""
        )
        with app.test_request_context("/"):
            login.sign_in(credential)
            signed = signer.dumps(dict(session))
        cookies.append(f"{app.config['SESSION_COOKIE_NAME']}={signed}")
    return cookies


def enter(settings: Settings, cookie: str, since_id: str) -> socket.socket:
    """Send one long poll; its answer is read later."""
    connection = socket.create_connection(("127.0.0.1", settings.live_port), 30.0)
    connection.sendall(
        f"GET /poll/home?since_id={since_id} HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    return connection


def answers(sockets: list[socket.socket]) -> list[float]:
    """Read all answers; return the time of each."""
    found: list[float] = []
    end = time.monotonic() + WAKE_S
    with selectors.DefaultSelector() as selector:
        for one in sockets:
            selector.register(one, selectors.EVENT_READ)
        while len(found) < len(sockets) and time.monotonic() < end:
            for key, _ in selector.select(1.0):
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                data = ready.recv(4_096)
                assert data.startswith(b"HTTP/1.1 200"), data[:200]
                found.append(time.monotonic())
                selector.unregister(one)
                one.close()
    return found


def say(settings: Settings, token: str, text: str) -> str:
    """Post one kwip through the API; return its id."""
    request = Request(
        f"http://127.0.0.1:{settings.port}/api/v1/statuses",
        data=json.dumps({"status": text}).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        },
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310 -- loopback
        return str(json.load(answer)["id"])


def wait_until_all_wait(settings: Settings, readers: int) -> None:
    """Wait until the gauge says that everyone is waiting."""
    end = time.monotonic() + ENTER_S
    while waiting_now(settings) < readers:
        assert time.monotonic() < end, waiting_now(settings)
        time.sleep(0.2)


def waiting_now(settings: Settings) -> int:
    """Read the gauge."""
    url = f"http://127.0.0.1:{settings.metrics_port}/metrics"
    with urlopen(url, timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    found = [line for line in lines if line.startswith("kwip_long_polls ")]
    return int(float(found[0].rpartition(" ")[2])) if found else 0


def live_pss(settings: Settings) -> list[float]:
    """Measure the live processes: proportional megabytes."""
    found = [
        process.memory_full_info().pss / 1_000_000
        for process in marked(HomeFolder(settings.home))
        if process.environ().get(ROLE) == "live"
    ]
    return sorted(found)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else READERS)
