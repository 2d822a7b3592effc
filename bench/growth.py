"""How fast the pages of people answer: the same on a small world and on a whole graph?

Needs a running stack (`KWIP_HOME`, `KWIP_PORT`) with people who have posted. Reads,
for a sample of them, home, notifications, a profile and a hashtag's page through the
API, and the open pages as HTML: once cold, then warm. `python -m bench.growth` prints
medians in milliseconds as JSON; with the name of an earlier result behind it also how
many times slower each is than there. The tokens that it makes are revoked at the end.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from bench.reach import digest_of_token, token_of, viewer_of
from config.settings import from_environment
from kwip.embedded import endpoints
from kwip.wiring import build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.users import User
    from kwip.wiring import Wiring

SAMPLE, ROUNDS = 24, 12
TAG = "bench_pages"


def main(earlier: str | None) -> None:
    """Print what was measured, and the ratios to an earlier result."""
    settings = from_environment()
    wiring = build(settings, endpoints(settings), role="cli")
    origin = f"http://127.0.0.1:{settings.port}"
    try:
        wiring.fence.await_lease(within_s=5.0)
        people = sample(wiring)
        tokens = {user.id: token_of(wiring, user) for user in people}
        result = measure(origin, people, tokens)
        for user in people:
            token_id = digest_of_token(tokens[user.id])
            wiring.services.access.revoke_token(viewer_of(user), token_id)
    finally:
        wiring.close()
    if earlier is not None:
        before = json.loads(Path(earlier).read_text(encoding="utf-8"))
        for name, row in result.items():
            row["warm_ratio"] = round(row["warm_ms"] / before[name]["warm_ms"], 2)
    print(json.dumps(result, indent=2))


def sample(wiring: Wiring) -> list[User]:
    """Draw some people who follow somebody and have posted, always the same ones."""
    batches = wiring.stores.users.iter_ids(batch=5_000)
    users = [u for ids in batches for u in wiring.stores.users.get_many(ids).values()]
    lively = [u for u in users if u.posts_count >= 1 and u.following_count > 1]
    chance = random.Random(1)  # noqa: S311 - no secret
    return chance.sample(lively, min(SAMPLE, len(lively)))


def measure(
    origin: str, people: list[User], tokens: Mapping[int, str]
) -> dict[str, dict[str, float]]:
    """Read every kind of page of everybody, cold and warm."""
    found: dict[str, dict[str, float]] = {}
    tag = _a_hashtag(origin, people, tokens)
    for name, path, is_open in (
        ("home", "/api/v1/timelines/home", False),
        ("notifications", "/api/v1/notifications", False),
        ("profile", "/api/v1/accounts/{id}/statuses", False),
        ("tag", f"/api/v1/timelines/tag/{tag}", False),
        ("profile_html", "/@{username}", True),
        ("tag_html", f"/tags/{tag}", True),
    ):
        cold, warm = [], []
        for user in people:
            url = origin + path.format(id=user.id, username=user.username)
            token = None if is_open else tokens[user.id]
            cold.append(_ms(url, token))
            warm += [_ms(url, token) for _ in range(ROUNDS)]
        found[name] = {
            "cold_ms": round(statistics.median(cold), 2),
            "warm_ms": round(statistics.median(warm), 2),
        }
    return found


def _a_hashtag(origin: str, people: list[User], tokens: Mapping[int, str]) -> str:
    """Let some posts have a hashtag, more than a page of them."""
    for number in range(2 * 20):
        user = people[number % len(people)]
        body = json.dumps({"status": f"Number {number} #{TAG}"}).encode()
        headers = {
            "Authorization": f"Bearer {tokens[user.id]}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"{TAG}:{number}",
        }
        url = f"{origin}/api/v1/statuses"
        with urlopen(Request(url, body, headers), timeout=30):  # noqa: S310 - ours
            pass
    return TAG


def _ms(url: str, token: str | None) -> float:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    begun = time.perf_counter()
    with urlopen(Request(url, headers=headers), timeout=30) as answer:  # noqa: S310 - ours
        answer.read()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
