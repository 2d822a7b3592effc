"""`kwip db migrate`: documents of older versions get today's form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.domain.clock import system_clock_ms
from kwip.domain.posting.posts import Draft, Edit
from kwip.services.maintenance import migration
from kwip.services.maintenance.checkpoint import Checkpoint
from kwip.store.maintenance.migrating import MigrationStore
from kwip.store.upgrades import SCHEMAS
from tests.wired import Silence, sign_up

#: What the steps after schema 5 of posts have brought.
QUOTES = ("quote_of_id", "quote_of_author_id", "is_quote")
QUOTES += ("quote_policy", "quotes_count")


@pytest.fixture
def posts(wiring):
    """Return an author and three of their posts, as the version before stored them."""
    alice = sign_up(wiring, "alice")
    made = [wiring.services.posts.publish(alice.id, Draft(text=x)) for x in "abc"]
    wiring.store.database["posts"].update_many(
        {}, {"$set": {"schema": 5}, "$unset": dict.fromkeys(QUOTES, "")}
    )
    return alice, [post.id for post in made]


def stored(wiring):
    return {each["_id"]: each for each in wiring.store.database["posts"].find()}


def test_older_documents_get_the_form_of_new_ones(kwip, wiring, posts):
    alice, ids = posts
    old = stored(wiring)
    before = kwip("db", "migrate", "--dry-run", "--json")
    assert (before.code, before.json["documents"]["posts"]) == (1, 3)
    assert stored(wiring) == old

    run = kwip("db", "migrate", "--json")

    nothing = dict.fromkeys(SCHEMAS, 0)
    assert (run.code, run.json["documents"]) == (0, {**nothing, "posts": 3}), run.err
    new = wiring.services.posts.publish(alice.id, Draft(text="new"))
    forms = {tuple(sorted(each)) for each in stored(wiring).values()}
    assert forms == {tuple(sorted(stored(wiring)[new.id]))}
    added = {"schema": 7, **dict.fromkeys(QUOTES[:2]), "is_quote": False}
    added |= {"quote_policy": "public", "reply_policy": "public", "quotes_count": 0}
    assert {i: stored(wiring)[i] for i in ids} == {i: {**old[i], **added} for i in ids}
    again = kwip("db", "migrate", "--json")
    assert (again.code, again.json["documents"]) == (0, nothing)
    assert "posts: 0 documents to convert" in kwip("db", "migrate", "--dry-run").out


def test_what_is_written_between_reading_and_converting_is_kept(
    kwip, wiring, posts, monkeypatch
):
    alice, ids = posts
    convert, texts = MigrationStore.upgrade, iter(["first", "second"])

    def late(self, collection, documents):
        """Let an older version write after the documents were read, twice."""
        if documents and (text := next(texts, None)):
            wiring.services.posts.edit(alice, ids[1], Edit(text=text))
            wiring.store.database["posts"].update_one(
                {"_id": ids[0]}, {"$inc": {"quotes_count": 1}}
            )
        convert(self, collection, documents)

    monkeypatch.setattr(MigrationStore, "upgrade", late)
    run = kwip("db", "migrate", "--json")

    assert (run.code, run.json["documents"]["posts"]) == (0, 3)
    found = [stored(wiring)[post_id] for post_id in ids]
    assert [each["schema"] for each in found] == [7, 7, 7]
    assert [each["quotes_count"] for each in found] == [2, 0, 0]
    assert [each["text"] for each in found] == ["a", "second", "c"]


def test_an_interrupted_run_goes_on_where_it_stopped(kwip, wiring, posts, monkeypatch):
    _, ids = posts
    monkeypatch.setattr(migration, "PAGE", 1)
    looked_at, page = [], MigrationStore.page

    def broken(self, collection, *arguments, **named):
        found = page(self, collection, *arguments, **named)
        if found and collection == "posts":
            looked_at.append(next(iter(found.older), None))
        if looked_at == ids[:2]:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(MigrationStore, "page", broken)
    with pytest.raises(KeyboardInterrupt):
        migration.Migration(MigrationStore(wiring.store)).run(
            Checkpoint(wiring.jobs, migration.JOB, system_clock_ms), 0, Silence()
        )
    assert [stored(wiring)[i]["schema"] for i in ids] == [7, 5, 5]
    looked_at.append(0)  # it goes through now

    run = kwip("db", "migrate", "--json")

    assert looked_at == [*ids[:2], 0, *ids[1:]]
    assert (run.code, run.json["documents"]["posts"]) == (0, 3)


def test_it_waits_for_versions_that_cannot_read_the_new_form(
    kwip, wiring, posts, monkeypatch
):
    wiring.presence.start("web")
    older = replace(wiring.presence._row, id="old", schemas={**SCHEMAS, "posts": 5})
    wiring.processes.save(older)
    where = f"web on {older.host} (process {older.pid})"
    monkeypatch.setattr(migration, "readable_from", lambda: {"posts": 7})

    run = kwip("db", "migrate")
    assert (run.code, run.out) == (2, "")
    assert f"posts: Kwip 0.1.0, {where}, cannot read" in run.err
    assert {each["schema"] for each in stored(wiring).values()} == {5}

    monkeypatch.setattr(migration, "readable_from", lambda: {"posts": 5})
    run = kwip("db", "migrate", "--json")
    assert (run.code, run.json["documents"]["posts"]) == (1, 3)
    wait = "replace it, and run `kwip db migrate` again"
    finding = f"{where} still writes the form of its version: {wait}"
    assert run.json["findings"] == [finding]
