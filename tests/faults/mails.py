"""Kill a worker with SIGKILL while it sends a mail, a thousand times.

Each time at another moment of the sending; then another worker goes on, as it does when
the lease ends. Prints how many mails were sent once, and how many twice:
`python -m tests.faults.mails 1000`.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import click
import pymongo
import structlog

from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import NOBODY
from kwip.domain.mail.mails import MailKind
from kwip.domain.signed_addresses import Signer
from kwip.services.mail.letters import Site
from kwip.services.mail.mails import Mails
from kwip.services.mail.messages import Messages
from kwip.services.mail.transports import SmtpServer
from kwip.services.reading.stores import Stores
from kwip.store.client import Store, connect
from kwip.store.mail.mails import MailStore
from kwip.store.present_indexes import ensure_indexes
from tests.frozen import swap
from tests.mail_server import mail_server
from tests.servers import SharedServers, endpoints_of, settings_in

#: Sendings that are timed before, to know how long one takes.
WARM = 20
#: Kills between two lines of output.
EVERY = 50


def start(settings, endpoints):
    """Return the service of a process of its own, and nothing else of a worker."""
    client = connect(endpoints.mongodb_uri, timeout_ms=60_000)
    store = Store(client, endpoints.database, is_sharded=False)
    return Mails(
        store=MailStore(store),
        stores=Stores.over(store),
        messages=Messages(settings.origin, "localhost", settings.mail_from),
        transport=SmtpServer(settings.smtp_uri, "localhost"),
        signer=Signer(endpoints.secret_keys, system_clock_ms),
        site=Site(settings.origin, "localhost"),
        digests=None,
        enqueue=lambda *_: True,
        clock=system_clock_ms,
    )


def post(mails):
    """Store a mail; return its id."""
    mail = mails.draft(MailKind.TEST, NOBODY, "alice@example.org")
    mails.post(mail)
    return mail.id


def timed(mails, mail_id):
    began_s = time.perf_counter()
    mails.send(mail_id)
    return time.perf_counter() - began_s


def unnoted(mails):
    """Return the median time between the server's OK and the note, in seconds."""
    found = []
    server = mails.transport

    class Watched:
        def send(self, message):
            refusal = server.send(message)
            self.at_s = time.perf_counter()
            return refusal

    watched = Watched()
    swap(mails, transport=watched)
    for _ in range(WARM):
        mails.send(post(mails))
        found.append(time.perf_counter() - watched.at_s)
    swap(mails, transport=server)
    return statistics.median(found)


def kill_one(settings, endpoints, mail_id, after_s):
    """Let a new process send a mail, and kill it after a while."""
    ready, said = os.pipe()
    pid = os.fork()
    if pid == 0:
        mails = start(settings, endpoints)
        _warm(mails, mail_id)
        os.write(said, b"1")
        mails.send(mail_id)
        signal.pause()
    os.close(said)
    os.read(ready, 1)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(ready)


def _warm(mails, mail_id):
    """Do what a worker has done before: connect, and read the template."""

    class Nowhere:
        def send(self, _):
            return None

    mails.store.find(mail_id)
    server = mails.transport
    swap(mails, transport=Nowhere())
    mails.test("nobody@example.org")
    swap(mails, transport=server)


def run(times, settings, endpoints, box):
    """Kill `times` processes; print what became of the mails."""
    database = pymongo.MongoClient(endpoints.mongodb_uri)[endpoints.database]
    ensure_indexes(database)
    mails = start(settings, endpoints)
    whole_s = statistics.median(timed(mails, post(mails)) for _ in range(WARM))
    gap_s = unnoted(mails)
    click.echo(f"a mail takes {whole_s * 1_000:.1f} ms, {gap_s * 1_000:.1f} after OK")
    box.forget()
    rng, killed = random.Random(), Counter()  # noqa: S311 -- no secret
    for number in range(1, times + 1):
        mail_id = post(mails)
        kill_one(settings, endpoints, mail_id, rng.uniform(0, 1.2 * whole_s))
        state = database["mails"].find_one({"_id": mail_id})["state"]
        killed[state] += 1
        past = at(system_clock_ms() - 1)
        ended = {"$set": {"leased_until": past, "due_at": past}}
        database["mails"].update_one({"_id": mail_id, "state": "pending"}, ended)
        mails.send(mail_id)
        if number % EVERY == 0 or number == times:
            say(number, killed, box)


def say(times, killed, box):
    """Print what became of the mails up to now."""
    sent = Counter(Counter(m["Message-ID"] for m in box.messages).values())
    lost = times - sum(sent.values())
    early = killed["pending"]
    click.echo(f"{times} kills, {early} before the note: {dict(sent)}, {lost} lost")


def main():
    """Start servers, and kill."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    servers = SharedServers()
    servers.start()
    try:
        with mail_server() as box, tempfile.TemporaryDirectory() as folder:
            settings = settings_in(Path(folder), KWIP_SMTP_URI=box.uri)
            run(times, settings, endpoints_of(servers.root, 0), box)
    finally:
        servers.stop()


if __name__ == "__main__":
    main()
