"""Faults of the workers that do what people have asked for, each thing once.

All of them are killed at once, again and again, each time when they have done more.
"""

from __future__ import annotations

import datetime as dt
import http
import itertools
import uuid
from contextlib import suppress
from functools import partial

from kwip.domain.accounts.transfers import ARCHIVE
from kwip.domain.accounts.users import Viewer
from kwip.domain.posting.drafts import MAX_SCHEDULED_A_DAY
from tests.faults.cluster.load import Client
from tests.faults.history import wired
from tests.servers import wait_until
from tests.services.backups.test_imports import note, outbox, tarred
from tests.wired import sign_up

WORKERS = ("worker-1", "worker-2")
#: How often all workers are killed.
KILLS = 5
#: Kwips that each writer has scheduled.
SCHEDULED = 100
#: Kwips of an archive: each batch of 50 waits for longer than it takes.
IMPORTED = 1_000
#: So much longer than the sweeper needs, or than the lease of an import of 2 min.
PATIENCE_S = 240.0


def kill_scheduling(cluster):
    """Kill the workers while hundreds of scheduled kwips come due at once."""
    texts = [
        text
        for number, person in enumerate(cluster.people[:-2])
        for text in _schedule(cluster, person, number)
    ]
    drafts, posts = cluster.database.drafts, cluster.database.posts
    now = dt.datetime.now(dt.UTC)
    waiting = {"scheduled_at": {"$ne": None}}
    drafts.update_many(waiting, {"$set": {"scheduled_at": now, "due_at": now}})
    mine = {"text": {"$in": texts}}
    cut_off = set()
    for _ in range(KILLS):
        before = posts.count_documents(mine)
        wait_until(lambda: posts.count_documents(mine) > before, PATIENCE_S)  # noqa: B023
        gone = _kill_all(cluster)
        cut_off |= set(drafts.distinct("_id", {"is_sending": True}))
        _wait_for_all(cluster, gone)
        # As if the 30 s had passed after which the sweeper enqueues them again.
        drafts.update_many(waiting, {"$set": {"due_at": dt.datetime.now(dt.UTC)}})
    wait_until(lambda: not drafts.count_documents(waiting), PATIENCE_S)
    found = {post["text"]: post["_id"] for post in posts.find(mine, {"text": 1})}
    cluster.wrong["lost"] += len(texts) - len(found)
    # The history finds what is twice, and what is not in the reader's home.
    cluster.load.seen.acknowledged |= found
    return {"kills": KILLS, "scheduled kwips cut off": len(cut_off)}


def _schedule(cluster, person, number):
    """Schedule kwips for tomorrow and the days after it; return their texts."""
    client, texts = Client(cluster.port, person), []
    for count in range(SCHEDULED):
        days = dt.timedelta(days=1 + count // MAX_SCHEDULED_A_DAY)
        moment = dt.datetime.now(dt.UTC) + days
        texts.append(f"{cluster.load.name} scheduled {number} {count}")
        body = {"status": texts[-1], "scheduled_at": moment.isoformat()}
        request = ("POST", "/api/v1/statuses", body, str(uuid.uuid4()))
        wait_until(lambda: client.ask(*request)[0] == http.HTTPStatus.OK)  # noqa: B023
    client.close()
    return texts


def kill_importing(cluster):
    """Kill the workers while they import an archive of a thousand kwips."""
    rows = [
        note(n, f"{cluster.load.name} imported {n}", published=_moment(n))
        for n in range(IMPORTED)
    ]
    archive = tarred(**{"outbox.json": outbox(*rows), "actor.json": b"{}"})
    with wired(cluster) as kwip:
        user = sign_up(kwip, f"importer{cluster.load.name}")
        viewer = Viewer.without_session(user.id, user.username)
        kwip.services.imports.request(viewer, archive, ARCHIVE, "archive.tar.gz")
    imports, posts = cluster.database.imports, cluster.database.posts
    mine, cut_off = {"author_id": user.id}, 0
    for kill in itertools.count(1):
        before = posts.count_documents(mine)
        wait_until(lambda: posts.count_documents(mine) > before, PATIENCE_S)  # noqa: B023
        gone = _kill_all(cluster)
        cut_off += imports.find_one({"_id": user.id})["state"] == "waiting"
        _wait_for_all(cluster, gone)
        if kill == KILLS:
            break
        now = dt.datetime.now(dt.UTC)
        ended = {"$set": {"leased_until": now, "due_at": now}}
        imports.update_one({"_id": user.id}, ended)
    # The last one waits until the lease ends by itself.
    wait_until(lambda: imports.find_one(user.id)["state"] != "waiting", PATIENCE_S)
    _count_imported(cluster, user.id, {row["object"]["content"] for row in rows})
    return {"kills": KILLS, "imports cut off": cut_off}


def _moment(number):
    return f"2022-10-01T10:{number // 60:02}:{number % 60:02}Z"


def _count_imported(cluster, user_id, contents):
    """Note what is not there, there twice, not found or counted wrong."""
    database, wrong = cluster.database, cluster.wrong
    found = list(database.posts.find({"author_id": user_id}, {"text": 1}))
    there = {f"<p>{post['text']}</p>" for post in found}
    wrong["lost"] += len(contents - there)
    wrong["doubled"] += len(found) - len(there)
    ids = {"_id": {"$in": [post["_id"] for post in found]}}
    searched = partial(database.search_posts.count_documents, ids)
    with suppress(AssertionError):
        wait_until(lambda: searched() == len(found))
    wrong["missing"] += len(found) - searched()
    counted = database.users.find_one({"_id": user_id})["posts_count"]
    wrong["counted wrong"] += counted != len(found)
    state = database.imports.find_one({"_id": user_id})["state"]
    wrong["not done"] += state != "done"


def _kill_all(cluster):
    """End all workers as `kill -9` does; return the numbers they had."""
    return {role: cluster.kill(role) for role in WORKERS}


def _wait_for_all(cluster, gone):
    for role, before in gone.items():
        wait_until(lambda: cluster.is_back(role, before))  # noqa: B023 -- waited for
