"""What is lost, doubled or missing once a fault is over."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from kwip.cli.cluster import MEMBERS
from kwip.domain.accounts.users import Viewer
from kwip.domain.timelines.pages import PageRequest
from tests.faults.history import wired
from tests.jobs.oracle import Oracle
from tests.servers import wait_until

#: So long members may take to copy the last writes.
COPIED_S = 10.0


def history(cluster):
    """Count what must not be in the end, by what is wrong with it."""
    load, wrong = cluster.load, Counter(cluster.wrong)
    seen = load.seen
    wait_until(cluster.is_whole)
    wait_until(lambda: not any(Oracle(cluster.database).waiting()), 120)
    posts = cluster.database.posts.find({}, {"text": 1})
    texts = Counter(post.get("text") for post in posts)
    wrong["lost"] += len(_lacking(cluster, set(seen.acknowledged.values())))
    wrong["doubled"] += sum(texts[text] > 1 for text in seen.acknowledged)
    shown = _shown(cluster, cluster.people[-2])
    wrong["missing"] += len((seen.acknowledged.keys() & texts.keys()) - shown.keys())
    # A post that is stored twice is counted above.
    wrong["doubled"] += sum(n > max(1, texts[text]) for text, n in shown.items())
    wrong["given up"] += len(seen.given_up)
    wrong["503 without Retry-After"] += sum(
        t.is_rude for tries in seen.tries.values() for t in tries
    )
    return dict(+wrong)


def _lacking(cluster, ids):
    """Return the posts of some that not every member has."""

    def lacking():
        stored = set.intersection(*(cluster.stored_at(member) for member in MEMBERS))
        return ids - stored

    with suppress(AssertionError):
        wait_until(lambda: not lacking(), COPIED_S)
    return lacking()


def _shown(cluster, reader):
    """Count the texts of the load in somebody's home; older ones come after them."""
    viewer = Viewer(id=reader.id, username=reader.name, digest="0" * 64)
    found, max_id = Counter(), None
    with wired(cluster) as kwip:
        while True:
            loader = kwip.services.loaders.begin()
            page = kwip.services.timelines.home(
                viewer, loader, PageRequest(limit=40, max_id=max_id)
            )
            texts = [view.post.text for view in page.items]
            ours = [text for text in texts if text.startswith(cluster.load.name)]
            found.update(ours)
            max_id = page.next_max_id
            if max_id is None or not (ours or not found):
                return found
