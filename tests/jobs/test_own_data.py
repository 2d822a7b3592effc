"""A worker that dies while it does what people asked for: another one ends it, once."""

from __future__ import annotations

import io

import pytest

from kwip.domain.accounts.closures import REMINDER
from kwip.domain.accounts.transfers import ARCHIVE
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.mail.preferences import Frequency, MailPreferences
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.notifications import NotificationKind
from kwip.jobs.registry import jobs
from kwip.services.backups.kwips_import import KwipsImport
from tests.jobs.conftest import LONG_MS
from tests.services.backups.test_imports import note, outbox, tarred
from tests.wired import sign_up

pytestmark = pytest.mark.long


@pytest.fixture
def kwip(make_worker, rings, clock, monkeypatch):
    monkeypatch.setattr("kwip.services.backups.kwips_import._BATCH", 2)
    wiring = make_worker(id_clock=clock)
    monkeypatch.setattr(KwipsImport, "sleep", lambda *_: None, raising=False)
    # Leases run out by the clock that is moved; this one must stay right.
    wiring.services.clock_guard._clock = system_clock_ms
    rings.jobs = jobs(wiring.services)
    return wiring


class Digest:
    """Mail about a notification."""

    steps, kind = 1, "notifications"

    def __init__(self, kwip, rings):
        self.kwip, self.rings = kwip, rings

    def begin(self, viewer):
        self.kwip.services.email_address.confirm_by_operator(viewer.id)
        kinds = frozenset({NotificationKind.MENTION})
        chosen = MailPreferences(kinds=kinds, frequency=Frequency.SOON)
        self.kwip.services.notification_mail.choose(viewer, chosen)
        writer = sign_up(self.kwip, f"w{viewer.id % 10**9}")
        text = f"@{viewer.username} hello"
        self.kwip.services.posts.publish(writer.id, Draft(text=text))
        self.rings.run()

    def work(self, viewer):
        self.kwip.services.notification_mail.settle(viewer.id)

    def check(self, viewer):
        pass


class Reminder(Digest):
    """The mail before a closed account is deleted."""

    steps, kind = 1, "closure_reminder"

    def begin(self, viewer):
        self.kwip.services.closures.close(viewer)
        now = at(self.kwip.sweeper.clock())
        soon = {"$set": {"delete_at": now + REMINDER / 2, "due_at": now}}
        self.kwip.store.database["closures"].update_one({"_id": viewer.id}, soon)

    def work(self, viewer):
        self.kwip.services.closure_ends.settle(viewer.id)


class Export(Digest):
    """An archive."""

    steps, kind = 3, "export_ready"

    def begin(self, viewer):
        self.kwip.services.posts.publish(viewer.id, Draft(text="hello"))
        self.kwip.services.exports.request(viewer)

    def work(self, viewer):
        self.kwip.services.exports.settle(viewer.id)

    def check(self, viewer):
        assert self.kwip.services.exports.find(viewer).counts["kwips"] == 1
        self.kwip.services.exports.open(viewer).content.close()


class Kwips(Digest):
    """An import of kwips, in several batches."""

    steps, kind = 8, None
    texts = ("Loaf 0 #rye", "Loaf 1 #rye", "Loaf 2 #rye")

    def begin(self, viewer):
        rows = [note(n, text, second=n) for n, text in enumerate(self.texts)]
        file = tarred(**{"outbox.json": outbox(*rows), "actor.json": b"{}"})
        self.kwip.services.imports.request(viewer, file, ARCHIVE, "archive.tar.gz")

    def work(self, viewer):
        self.kwip.services.imports.settle(viewer.id)

    def check(self, viewer):
        assert self.kwip.services.imports.find(viewer).state == "done"
        found = list(self.kwip.store.database["posts"].find({"author_id": viewer.id}))
        assert sorted(each["text"] for each in found) == list(self.texts)
        ids = {"_id": {"$in": [each["_id"] for each in found]}}
        assert self.kwip.store.database["search_posts"].count_documents(ids) == 3
        assert self.kwip.stores.users.get_many([viewer.id])[viewer.id].posts_count == 3


class Table(Kwips):
    """An import of a table of people."""

    steps = 4

    def begin(self, viewer):
        names = [f"{viewer.username}{letter}" for letter in "xy"]
        for name in names:
            sign_up(self.kwip, name)
        table = io.BytesIO("\n".join(names).encode())
        self.kwip.services.imports.request(viewer, table, "blocks", "blocks.csv")

    def check(self, viewer):
        assert self.kwip.services.imports.find(viewer).state == "done"
        relations = self.kwip.stores.relationships.relations([viewer.id])[viewer.id]
        assert len(relations.blocks) == 2


@pytest.mark.parametrize("made", [Digest, Reminder, Export, Kwips, Table])
def test_whatever_is_done_once_wherever_its_worker_dies(
    kwip, rings, steps, clock, mongodb, made
):
    task, step, is_killed = made(kwip, rings), 0, True
    while is_killed:
        viewer = sign_up(kwip, f"p{step}")
        task.begin(viewer)
        rings.waiting.clear()
        is_killed = steps.kill(step, lambda viewer=viewer: task.work(viewer))
        rings.waiting.clear()  # the queue went with it
        for _ in "twice":
            clock.ahead_ms += LONG_MS
            kwip.sweeper.sweep()
            rings.run()

        task.check(viewer)
        mails = {"user_id": viewer.id, "kind": task.kind, "state": "sent"}
        assert mongodb["mails"].count_documents(mails) == (1 if task.kind else 0), step
        step += 1

    assert step > task.steps, steps.names
