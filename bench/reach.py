"""How fast a post by the most followed author reaches every follower's home.

Needs a running stack with a loaded network (`KWIP_HOME`, `KWIP_PORT`): posts once
through the API, waits until its delivery is done, then reads every follower's home
through the API. The tokens that it makes are revoked at the end.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from config.settings import from_environment
from kwip.domain.ids import MAX_ID, ms_of
from kwip.domain.users import READ, WRITE, Viewer
from kwip.embedded import endpoints
from kwip.wiring import build

if TYPE_CHECKING:
    from kwip.domain.users import User
    from kwip.wiring import Wiring

READERS = 4
ROUNDS = 5


def main() -> None:
    """Print what was measured, as JSON."""
    settings = from_environment()
    wiring = build(settings, endpoints(settings), role="cli")
    origin = f"http://127.0.0.1:{settings.port}"
    try:
        wiring.fence.await_lease(within_s=5.0)
        author = most_followed(wiring)
        ids = wiring.edges.followers(author.id, above=0, upto=MAX_ID, limit=100_000)
        followers = list(wiring.stores.users.get_many(ids).values())
        tokens = {user.id: token_of(wiring, user) for user in [author, *followers]}
        rounds = [
            one_round(wiring, origin, tokens, author, followers) for _ in range(ROUNDS)
        ]
        report = {"author": author.username, "followers": len(followers)}
        print(json.dumps({**report, "rounds": rounds}, indent=2))
        for user in [author, *followers]:
            viewer, text = viewer_of(user), tokens[user.id]
            wiring.services.access.revoke_token(viewer, digest_of_token(text))
    finally:
        wiring.close()


def most_followed(wiring: Wiring) -> User:
    """Find the author with the most followers."""
    batches = wiring.stores.users.iter_ids(batch=5_000)
    users = (u for ids in batches for u in wiring.stores.users.get_many(ids).values())
    return max(users, key=lambda user: user.followers_count)


def viewer_of(user: User) -> Viewer:
    """Act as a user."""
    return Viewer(id=user.id, username=user.username, digest="")


def token_of(wiring: Wiring, user: User) -> str:
    """Make a personal token for a user."""
    scopes = frozenset({READ, WRITE})
    return wiring.services.access.create_token(viewer_of(user), "reach", scopes)[1]


def digest_of_token(text: str) -> str:
    """Give the id under which a token is stored."""
    from kwip.services.access import Credential  # noqa: PLC0415 -- used once

    credential = Credential.parse("token", text)
    if credential is None:
        raise ValueError(text)
    return credential.id.digest


def one_round(
    wiring: Wiring,
    origin: str,
    tokens: dict[int, str],
    author: User,
    followers: list[User],
) -> dict[str, float]:
    """Post once; give the milliseconds until it was delivered, and who missed it."""
    text = f"Reach {time.monotonic_ns()}"
    post = ask(f"{origin}/api/v1/statuses", tokens[author.id], {"status": text})
    post_id = int(post["id"])
    posts = wiring.store.database["posts"]
    while True:
        state = posts.find_one({"_id": post_id}, {"fanout.state": 1})["fanout"]
        done_ms = time.time_ns() // 1_000_000
        if state["state"] == "done":
            break
        time.sleep(0.005)
    began = time.monotonic()

    def shows(user: User) -> bool:
        page = ask(f"{origin}/api/v1/timelines/home?limit=20", tokens[user.id])
        return any(status["id"] == post["id"] for status in page)

    with ThreadPoolExecutor(READERS) as pool:
        seen = sum(pool.map(shows, followers))
    return {
        "delivered_ms": done_ms - ms_of(post_id),
        "homes_read": len(followers),
        "homes_without_it": len(followers) - seen,
        "reading_s": round(time.monotonic() - began, 1),
    }


def ask(url: str, token: str, body: dict[str, str] | None = None):
    """Ask the API, as the owner of a token."""
    request = Request(  # noqa: S310 -- our own server
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        },
    )
    with urlopen(request, timeout=30) as answer:  # noqa: S310 -- our own server
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
