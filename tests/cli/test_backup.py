"""`kwip backup`: what it holds, what it refuses, and what comes back."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import resource
import stat
import zipfile
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import pytest
from bson.timestamp import Timestamp
from pymongo.errors import DuplicateKeyError

from kwip.cli.backup import _contents
from kwip.cli.restoring import restored
from kwip.domain.accounts.closures import REMINDER
from kwip.domain.clock import at, system_clock_ms, to_ms
from kwip.domain.errors import ConflictError
from kwip.domain.ids import first_id_at
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.posting.posts import Draft, Edit
from kwip.services.backups import backup as backups
from kwip.services.backups.archive import Archive
from kwip.services.backups.backup import Backup
from kwip.services.backups.kept import Kept, expendable, name_at
from kwip.services.backups.manifests import Manifest
from kwip.services.backups.restoring import Restore
from kwip.services.maintenance.reports import BACKUP
from kwip.store.client import Store
from kwip.store.indexes import INDEXES
from kwip.store.maintenance import restoring
from kwip.store.maintenance.dumping import LEFT_OUT, ChangeFollower, DumpStore
from kwip.store.maintenance.restoring import RestoreStore
from tests.docs.test_data_model import PAGE, examples_in
from tests.pictures import plain, sent
from tests.wired import Silence, sign_up

MEGABYTES = 1_000_000
YEAR = dt.timedelta(days=365)
EXAMPLES = examples_in(PAGE)


@pytest.fixture
def alice(wiring):
    return sign_up(wiring, "alice")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kwip.zip"


@pytest.fixture
def copy(wiring):
    """Return a database of its own to restore into."""
    database = f"{wiring.store.database.name}_copy"
    yield Store(wiring.store.client, database, is_sharded=False)
    wiring.store.client.drop_database(database)


@pytest.fixture
def elsewhere(kwip_in, environ, copy, tmp_path):
    """Return a function that runs a command on that database, with files of its own."""
    uri = urlsplit(environ["KWIP_MONGODB_URI"])
    other = urlunsplit(uri._replace(path=f"/{copy.database.name}"))
    home = str(tmp_path / "other")
    return partial(kwip_in, {**environ, "KWIP_MONGODB_URI": other, "KWIP_HOME": home})


def documents(database):
    """Give all that a backup holds, but for the note of the backup itself."""
    names = set(database.list_collection_names()) - LEFT_OUT
    query = {"_id": {"$ne": BACKUP}}
    found = {n: {d["_id"]: d for d in database[n].find(query)} for n in sorted(names)}
    return {name: documents for name, documents in found.items() if documents}


def make(wiring, settings, path, between):
    """Make a backup; `between` is called after each part that is read."""
    backup = Backup(wiring.store, wiring.jobs, system_clock_ms, lambda _: between())
    contents = _contents(wiring, settings, has_secrets=False, has_media=True)
    return backup.create(path, contents, 0.0, Silence())


def fill(database, now):
    """Store an example of everything that there can be; some of it is due."""
    for name in EXAMPLES.keys() & INDEXES.keys():
        for document in EXAMPLES[name]:
            # MongoDB itself deletes what expires.
            lasting = {"expires_at": now + YEAR} if document.get("expires_at") else {}
            with suppress(DuplicateKeyError):
                database[name].insert_one(document | lasting)
    for name in ("mail_preferences", "closures"):
        due = [database[name].find_one() | {"_id": n, "due_at": at(n)} for n in (1, 2)]
        due[0]["due_at"] = now + YEAR
        database[name].insert_many(due)
    late = {"$set": {"delete_at": now + YEAR}}
    database["closures"].update_one({"_id": 1}, late)


def settled(before, now):
    """Change documents as a restore does: what was due has been sent."""
    after = deepcopy(before)
    seen = {"mailed_id": first_id_at(to_ms(now))}
    for each in after["mail_preferences"].values():
        each.update(seen if each["due_at"] and each["due_at"] <= now else {})
    for each in after["push_subscriptions"].values():
        each.update(above=seen["mailed_id"], pushed=[])
    again = {"delete_at": now + REMINDER, "due_at": now, "is_reminded": False}
    for each in after["closures"].values():
        each.update(again if each["delete_at"] < now + REMINDER else {})
    return after


def restore(path, store, monkeypatch, *, has_changes=True):
    """Restore without indexes, which take longer than the rest."""
    with monkeypatch.context() as patched:
        patched.setattr(RestoreStore, "index", lambda _: None)
        if not has_changes:
            patched.setattr(RestoreStore, "apply", lambda *_: None)
        archive = Archive(path)
        target = RestoreStore(store)
        Restore(archive, target, system_clock_ms).database(Silence(), replaces=True)
        archive.close()


@pytest.mark.long
def test_a_backup_has_every_write_that_was_acknowledged_while_it_was_made(
    wiring, settings, alice, file, copy, kwip, monkeypatch
):
    """The writes fall between any two parts of what is read."""
    monkeypatch.setattr(backups, "_FOLLOW_S", 0.0)
    bob, database = sign_up(wiring, "bob"), wiring.store.database
    posts = wiring.services.posts
    first = posts.publish(alice.id, Draft(text="before"))
    database["hashtags"].insert_many([{"_id": f"old{n}"} for n in range(99)])
    acknowledged = [first.id]

    def write():
        number = len(acknowledged)
        acknowledged.append(posts.publish(alice.id, Draft(text=f"{number}")).id)
        posts.edit(alice, first.id, Edit(text=f"edited {number}"))
        if number % 2 == 0:
            posts.delete(alice, acknowledged[-2])
            wiring.services.relationships.follow(bob, alice.id)
            database["hashtags"].delete_one({"_id": f"old{number}"})
        else:
            wiring.services.relationships.unfollow(bob, alice.id)

    manifest = make(wiring, settings, file, write)
    assert len(acknowledged) > 5

    restore(file, copy, monkeypatch, has_changes=False)
    assert documents(copy.database) != documents(database)
    restore(file, copy, monkeypatch)
    assert documents(copy.database) == documents(database)
    assert set(acknowledged) <= documents(copy.database)["posts"].keys()
    assert wiring.jobs.find(BACKUP).updated_at == manifest.taken_at

    run = kwip("backup", "verify", file, "--json")
    assert (run.code, run.json["findings"]) == (0, []), run.err


def test_a_transaction_in_several_entries_of_the_log_is_followed(wiring):
    """MongoDB divides one above 16 MB."""
    store, found = wiring.store, []
    many = [{"_id": n, "text": "x" * 6 * MEGABYTES} for n in range(3)]
    store.database.create_collection("large")
    follower = ChangeFollower(store)

    store.transact(
        lambda session: [
            store.database["large"].insert_one(each, session=session) for each in many
        ]
    )

    try:
        assert follower.write_changes(found.append) >= len(many)
        assert {n for n in range(3) if any(b"large" in f for f in found)} == {0, 1, 2}
    finally:
        store.database.drop_collection("large")


def test_changes_that_the_log_has_lost_fail_the_backup(
    wiring, settings, alice, file, monkeypatch
):
    later = Timestamp(2**31, 1)

    def roll_over():
        monkeypatch.setattr(ChangeFollower, "_oldest", lambda _: later)

    with pytest.raises(ConflictError, match="too small"):
        make(wiring, settings, file, roll_over)
    assert list(file.parent.glob("*.zip*")) == []


def test_the_log_is_read_by_a_user_with_the_documented_role(
    kwip, kwip_in, environ, wiring, alice, file
):
    admin, database = wiring.store.client.admin, wiring.store.database.name
    name = f"backup-{database}"
    admin.command(
        *("createUser", name),
        pwd=name,
        roles=[{"role": "readWrite", "db": database}],
    )
    uri = urlsplit(environ["KWIP_MONGODB_URI"])
    login = uri._replace(netloc=f"{name}:{name}@{uri.netloc.rpartition('@')[2]}")
    theirs = {**environ, "KWIP_MONGODB_URI": urlunsplit(login)}
    try:
        refused = kwip_in(theirs, "backup", "create", file)
        admin.command("grantRolesToUser", name, roles=[{"role": "read", "db": "local"}])
        made = kwip_in(theirs, "backup", "create", file)
    finally:
        admin.command("dropUser", name)

    assert (refused.code, made.code) == (2, 0), made.err
    assert '{role: "read", db: "local"}' in refused.err


def test_a_sharded_cluster_is_refused(wiring):
    store = Store(wiring.store.client, "any", is_sharded=True)

    with pytest.raises(ConflictError, match="sharded"):
        DumpStore(store)


def test_an_interrupted_backup_leaves_no_file(wiring, settings, alice, file):
    def interrupt():
        assert len(list(file.parent.iterdir())) == len(before) + 1
        raise KeyboardInterrupt

    before = list(file.parent.iterdir())

    with pytest.raises(KeyboardInterrupt):
        make(wiring, settings, file, interrupt)
    assert list(file.parent.iterdir()) == before
    assert wiring.jobs.find(BACKUP) is None


def test_what_a_killed_backup_left_is_removed_by_the_next_one(kwip, wiring, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    left, written = (folder / f".kwip.zip.{name}.partial" for name in "ab")
    left.touch()

    with written.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert kwip("backup", "create", folder).code == 0

    names = {path.name for path in folder.iterdir()}
    assert (left.name in names, written.name in names) == (False, True)


def test_a_backup_on_a_full_disk_leaves_no_file(kwip, wiring, alice, tmp_path):
    """The kernel limits files to 1,000 bytes, as a full disk would."""
    folder = tmp_path / "disk"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        run = kwip("backup", "create", folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert run.code == 2
    assert f"The disk of {folder} is full" in run.err
    assert list(folder.iterdir()) == []


def test_a_restored_site_has_everything_its_files_and_keys(
    kwip, elsewhere, wiring, alice, file, copy, tmp_path, monkeypatch
):
    now, indexed = at(system_clock_ms()), []
    monkeypatch.setattr(restored, "system_clock_ms", lambda: to_ms(now))
    monkeypatch.setattr(restoring, "ensure_indexes", lambda to: indexed.append(to.name))
    wiring.services.attachments.upload(alice, sent(plain()), AttachmentChange())
    media = wiring.services.media._stored._root
    fill(wiring.store.database, now)
    made = kwip("backup", "create", file, "--with-secrets", "--json")
    assert made.code == 0, made.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    run = elsewhere("backup", "restore", file, "--with-secrets", "--json")

    assert run.code == 0, run.err
    root = tmp_path / "other" / "media"
    assert files_below(root) == files_below(media) != {}
    keys = [tmp_path / home / "secrets" / "flask" for home in ("home", "other")]
    assert keys[0].read_text() == keys[1].read_text()
    assert stat.S_IMODE(keys[1].stat().st_mode) == 0o600
    assert indexed == [copy.database.name]
    before = documents(wiring.store.database)
    assert before.keys() == INDEXES.keys() - LEFT_OUT
    assert documents(copy.database) == settled(before, now)


def files_below(root):
    return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_a_backup_makes_no_folder_where_a_disk_is_not_mounted(kwip, tmp_path):
    run = kwip("backup", "create", tmp_path / "disk" / "kwip")

    assert (run.code, f"{tmp_path / 'disk'} does not exist" in run.err) == (2, True)
    assert not (tmp_path / "disk").exists()


def test_a_database_that_is_used_is_only_replaced_if_told_to(
    kwip, wiring, alice, file, monkeypatch
):
    kwip("backup", "create", file)

    run = kwip("backup", "restore", file)
    assert (run.code, "--replace" in run.err) == (2, True)

    monkeypatch.setattr(RestoreStore, "clear", lambda _: pytest.fail("cleared"))
    wiring.presence.start("web")
    wiring.presence.save()
    run = kwip("backup", "restore", file, "--replace")
    assert (run.code, "running with this database (web " in run.err) == (2, True)


def cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def changed(file):
    with zipfile.ZipFile(file) as archive:
        place = archive.getinfo("collections/users.bson").header_offset
    content = bytearray(file.read_bytes())
    content[place + 100] ^= 1
    file.write_bytes(content)


def foreign(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", "{}")


def newer(file):
    manifest = {"format": 2, "version": "9"}
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))


def test_a_damaged_backup_changes_nothing(kwip, wiring, alice, file):
    kwip("backup", "create", file)
    before, sound = documents(wiring.store.database), file.read_bytes()
    for damage in (cut, changed, foreign, newer):
        file.write_bytes(sound)
        damage(file)

        run = kwip("backup", "restore", file, "--replace")

        assert run.code == 2
        assert str(file) in run.err
    assert documents(wiring.store.database) == before


def test_the_last_backup_of_each_day_and_week_is_kept(tmp_path):
    now = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)

    def kept(hours, name=None):
        time = now - dt.timedelta(hours=hours)
        manifest = Manifest(began_at=time, taken_at=time, media="included")
        return Kept(tmp_path / (name or name_at(time)), 1, manifest)

    found = [kept(hours) for hours in range(0, 24 * 30, 12)]
    mine, broken = kept(9_999, "mine.zip"), replace(found[3], manifest=None)

    old = expendable([*found, mine, broken], daily=3, weekly=2)

    left = [k.path.name for k in found if k not in old]
    assert left == [name_at(now - dt.timedelta(hours=h)) for h in (0, 24, 48, 7 * 24)]
    assert mine not in old
    assert broken not in old
