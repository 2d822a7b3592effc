"""People who write to a site and read it, and what became of their posts."""

from __future__ import annotations

from contextlib import contextmanager

from kwip.domain.accounts.users import READ, WRITE, Viewer
from kwip.wiring import Options, build
from tests.faults.clients import Person
from tests.jobs.oracle import Oracle
from tests.servers import wait_until
from tests.wired import home_of, sign_up

WRITERS = 3


def people_of(site):
    """Sign writers up, and a reader who follows them."""
    with wired(site) as kwip:
        assert kwip.fence.await_lease(within_s=30)
        writers = [sign_up(kwip, f"writer{number}") for number in range(WRITERS)]
        reader, idle = sign_up(kwip, "reader"), sign_up(kwip, "idle")
        for writer in writers:
            kwip.services.relationships.follow(reader, writer.id)
            kwip.services.home_backfill.settle(reader.id, writer.id)
        scopes = frozenset({READ, WRITE})
        create = kwip.services.authentication.create_token
        return [
            Person(each.username, each.id, create(each, "test", scopes)[1])
            for each in (*writers, reader, idle)
        ]


@contextmanager
def wired(site):
    options = Options(enqueue=lambda *_: None)
    kwip = build(site.settings, site.endpoints, role="cli", options=options)
    try:
        yield kwip
    finally:
        kwip.close()


def history(site, people, seen):
    """Count what is lost, doubled, and missing from the reader's home."""
    wait_until(site.is_whole)
    wait_until(lambda: not any(Oracle(site.database).waiting()), 120)
    posts = list(site.database.posts.find({}, {"text": 1}))
    stored, texts = (
        {post["_id"] for post in posts},
        [post.get("text") for post in posts],
    )
    reader = people[-2]
    return {
        "lost": sum(i not in stored for i in seen.acknowledged.values()),
        "doubled": sum(texts.count(text) > 1 for text in seen.acknowledged),
        "missing": _missing(site, reader, set(seen.acknowledged) & set(texts)),
    }


def _missing(site, reader, texts):
    """Count what the reader's home lacks, or shows twice."""
    with wired(site) as kwip:
        viewer = Viewer(id=reader.id, username=reader.name, digest="0" * 64)
        shown = home_of(kwip, viewer)
    return len(texts - set(shown)) + len(shown) - len(set(shown))
