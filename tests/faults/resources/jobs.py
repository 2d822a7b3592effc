"""Rows about jobs that come twice, out of order, or fail whenever they are tried."""

from __future__ import annotations

import json
import random
import time
from urllib.request import urlopen

import psutil
import redis

from kwip.domain.posting.posts import Draft, Visibility
from tests.faults.history import wired
from tests.faults.resources.place import failed_reads, people_act
from tests.jobs.oracle import read_home
from tests.servers import wait_until

LANE = "kw:queue:fanout"
#: Nobody but followers comes across what is broken.
_FOR = Visibility.FOLLOWERS
WAIT_S = 3.0
TRIES = 8


def shuffled(place, found):
    """Jobs that come three times and in any order deliver every post once."""
    worker = psutil.Process(place.pid_of("worker"))
    before = _without_work(place)
    with people_act(place, found):
        worker.suspend()
        time.sleep(WAIT_S)
        found.proof["jobs added"] = _add_again(place)
        worker.resume()
    wait_until(lambda: _without_work(place) > before)
    found.proof["jobs that found nothing to do"] = _without_work(place) - before
    with wired(place) as kwip:
        ids = read_home(kwip, place.people[-2].id)
    found.expect(ids == sorted(set(ids), reverse=True), "a home is out of order")


def _add_again(place):
    """Add all jobs that wait twice more, in any order; return how many were added."""
    chance = random.Random(7)  # noqa: S311 -- the same every time
    with redis.Redis.from_url(place.endpoints.redis_queue_uri) as queue:
        waiting = queue.lrange(LANE, 0, -1)
        again = waiting * 3
        chance.shuffle(again)
        queue.delete(LANE)
        queue.rpush(LANE, *again)
    return len(again) - len(waiting)


def _without_work(place):
    """Return how many jobs have found that their post was being delivered, or was."""
    address = f"http://127.0.0.1:{place.settings.metrics_port}/metrics"
    with urlopen(address, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    name = 'kwip_jobs_total{job="fanout",outcome="nothing"}'
    return sum(int(float(each.split()[-1])) for each in lines if each.startswith(name))


def poison(place, found):
    """A delivery that always fails becomes a dead letter; others are not delayed."""
    broken = {"fanout.mode": "push", "fanout.start": "nowhere"}
    _poison(place, found, broken, dict.fromkeys(broken))


def unreadable(place, found):
    """A post that cannot be read becomes a dead letter; others are not delayed."""
    _poison(place, found, {"visibility": "nobody"}, {"visibility": _FOR.value})


def _poison(place, found, broken, mended):
    """Break fields of a post, and let it be delivered; mend and replay it."""
    posts, author = place.database.posts, place.people[0]
    with wired(place) as kwip:
        draft = Draft(text=f"Poison {time.monotonic_ns()}", visibility=_FOR)
        post = {"_id": kwip.services.posts.publish(author.id, draft).id}
    posts.update_one(post, {"$set": broken})
    with people_act(place, found):
        _try_until_given_up(posts, post)
    fanout = posts.find_one(post)["fanout"]
    found.proof["tries"] = fanout["attempts"]
    found.expect(fanout["state"] == "dead", f"it is {fanout['state']}")
    found.expect(not failed_reads(found), "reads failed")
    _expect_told(place, found, str(post["_id"]))
    posts.update_one(post, {"$set": mended})
    replayed = place.kwip("fanout", "replay", post["_id"])
    found.expect(replayed.returncode == 0, replayed.stderr)
    wait_until(lambda: posts.find_one(post)["fanout"]["state"] == "done")
    with wired(place) as kwip:
        is_there = post["_id"] in read_home(kwip, place.people[-2].id)
    found.expect(is_there, "the replayed post is not in a home")
    found.figures["replayed"] = int(is_there)


def _try_until_given_up(posts, post):
    """Let no time pass between two tries: they are up to five minutes apart."""
    past = {"fanout.due_at": 0, "fanout.lease_until": 0}
    end = time.monotonic() + 60
    while time.monotonic() < end:
        fanout = posts.find_one(post)["fanout"]
        if fanout["state"] == "dead":
            return
        now = posts.database.client.admin.command("hello")["localTime"]
        pending = {**post, "fanout.state": "pending", "fanout.lease_owner": None}
        posts.update_one(pending, {"$set": dict.fromkeys(past, now)})
        time.sleep(0.5)


def _expect_told(place, found, post_id):
    """Expect the commands for operators to show a dead letter."""
    listed = place.kwip("fanout", "pending", "--dead", "--json").stdout
    ids = {each["id"] for each in json.loads(listed)["posts"]}
    found.expect(post_id in ids, "`kwip fanout pending --dead` does not show it")
    stats = json.loads(place.kwip("fanout", "stats", "--json").stdout)
    found.figures["dead letters"] = stats["dead"]


ROWS = {
    "jobs come three times, in any order": shuffled,
    "a delivery fails whenever it is tried": poison,
    "a post cannot be read by the worker": unreadable,
}
