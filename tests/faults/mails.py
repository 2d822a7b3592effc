"""Kill a worker with SIGKILL while it sends a mail, a thousand times.

Each time at another moment of the sending; then another worker goes on, as it does when
the lease ends. Prints at which step it died, and how often each mail arrived:
`python -m tests.faults.mails 1000`. Ends with 1 if a mail was lost or came three times.
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

from kwip.domain.accounts.site import SiteSettings
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import NOBODY
from kwip.domain.mail.mails import MailKind
from kwip.domain.signed_addresses import Signer
from kwip.services.mail.mails import Mails
from kwip.services.mail.messages import Messages
from kwip.services.mail.site import Site
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


def start(settings, endpoints, messages=None):
    """Return the service of a process of its own, and nothing else of a worker."""
    client = connect(endpoints.mongodb_uri, timeout_ms=60_000)
    store = Store(client, endpoints.database, is_sharded=False)
    return Mails(
        store=MailStore(store),
        stores=Stores.over(store),
        messages=messages or Messages(settings.origin, "localhost", settings.mail_from),
        transport=SmtpServer(settings.smtp_uri, "localhost"),
        signer=Signer(endpoints.secret_keys, system_clock_ms),
        site=Site(settings.origin, "localhost", SiteSettings),
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
        def send(self, message, sender):
            refusal = server.send(message, sender)
            self.at_s = time.perf_counter()
            return refusal

    watched = Watched()
    swap(mails, transport=watched)
    for _ in range(WARM):
        mails.send(post(mails))
        found.append(time.perf_counter() - watched.at_s)
    swap(mails, transport=server)
    return statistics.median(found)


def kill_one(settings, endpoints, messages, mail_id, after_s):
    """Let a new process send a mail, and kill it after a while."""
    ready, said = os.pipe()
    pid = os.fork()
    if pid == 0:
        # The template is read already, as in a worker that has sent a mail before.
        mails = start(settings, endpoints, messages)
        mails.store.find(mail_id)  # connects
        os.write(said, b"1")
        mails.send(mail_id)
        signal.pause()
    os.close(said)
    os.read(ready, 1)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(ready)


def step_of(mail):
    """Tell how far a worker had come, by what it has left in MongoDB."""
    if mail["state"] != "pending":
        return "after the note"
    return "with the lease" if mail["attempts"] else "before the lease"


def run(times, settings, endpoints, box):
    """Kill `times` processes; return whether each mail came once or twice."""
    database = pymongo.MongoClient(endpoints.mongodb_uri)[endpoints.database]
    ensure_indexes(database)
    mails = start(settings, endpoints)
    whole_s = statistics.median(timed(mails, post(mails)) for _ in range(WARM))
    gap_s = unnoted(mails)
    click.echo(f"a mail takes {whole_s * 1_000:.1f} ms, {gap_s * 1_000:.1f} after OK")
    box.forget()
    rng, killed = random.Random(), {}  # noqa: S311 -- no secret
    for number in range(1, times + 1):
        mail_id, after_s = post(mails), rng.uniform(0, 1.2 * whole_s)
        kill_one(settings, endpoints, mails.messages, mail_id, after_s)
        mail = database["mails"].find_one({"_id": mail_id})
        killed[mail["message_id"]] = step_of(mail)
        past = at(system_clock_ms() - 1)
        ended = {"$set": {"leased_until": past, "due_at": past}}
        database["mails"].update_one({"_id": mail_id, "state": "pending"}, ended)
        mails.send(mail_id)
        if number % EVERY == 0 or number == times:
            say(killed, box)
    return set(arrivals(killed, box)) <= {1, 2}


def arrivals(killed, box):
    """Count how often each mail arrived: how many did so how often."""
    came = Counter(message["Message-ID"] for message in box.messages)
    return Counter(came[message_id] for message_id in killed)


def say(killed, box):
    """Print what became of the mails up to now, by the step at which a worker died."""
    click.echo(f"{len(killed)} kills")
    for step in ("before the lease", "with the lease", "after the note"):
        died = [message_id for message_id, where in killed.items() if where == step]
        times = dict(sorted(arrivals(died, box).items()))
        click.echo(f"  {step}: {len(died)}, arrivals: {times}")


def main():
    """Start servers, and kill."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    servers = SharedServers()
    servers.start()
    try:
        with mail_server() as box, tempfile.TemporaryDirectory() as folder:
            settings = settings_in(Path(folder), KWIP_SMTP_URI=box.uri)
            is_right = run(times, settings, endpoints_of(servers.root, 0), box)
    finally:
        servers.stop()
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
