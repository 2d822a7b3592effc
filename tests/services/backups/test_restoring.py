"""What can't be restored is found before the database is deleted."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import zipfile

import bson
import pytest

from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import InvalidError
from kwip.services.backups.archive import Archive
from kwip.services.backups.backup import SECRETS
from kwip.services.backups.restoring import Restore, secret_keys
from tests.wired import Silence

USER = bson.encode({"_id": 1, "name": "alice"})
DAMAGED = USER.replace(b"\x06\x00\x00\x00alice", b"\x66\x00\x00\x00alice")
CHANGE = bson.encode({"c": "users", "x": 1})
USERS = "collections/users.bson"
FILE = tarfile.TarInfo("aa/picture-400.webp")


class Database:
    """Takes everything, and knows whether it was deleted."""

    is_cleared = False

    def clear(self):
        self.is_cleared = True

    def has_people(self):
        return False

    def index(self):
        pass

    def load(self, name, stream, report):
        pass

    def apply(self, stream, report):
        pass

    def settle(self, now):
        pass


def tar_of(*infos):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for info in infos:
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    return file.getvalue()


def entry(name, kind=tarfile.REGTYPE, target="", size=0):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


def archive_of(path, contents):
    """Write a backup whose checksums are right."""
    row = {
        "format": 1,
        "kind": "site",
        "version": "0.1.0",
        "media": "included",
        "began_at": "2026-11-29T12:00:00+00:00",
        "taken_at": "2026-11-29T12:00:00+00:00",
        "members": {
            name: {
                "bytes": len(content),
                "count": 1,
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, content in contents.items()
        },
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**contents, "manifest.json": json.dumps(row)}.items():
            archive.writestr(name, content)
    return Archive(path)


SOUND = {USERS: USER, "changes.bson": CHANGE, "media.tar": tar_of(FILE)}
WRONG = (
    (USERS, DAMAGED),
    (USERS, USER[:-3]),
    (USERS, b"\xff\xff\xff\x7f"),
    (USERS, bson.encode({"name": "alice"})),
    (USERS, bson.encode({"_id": {"$gt": 0}})),
    ("collections/system.views.bson", USER),
    ("collections/cache_fence.bson", USER),
    ("collections/a$b.bson", USER),
    ("collections/.bson", USER),
    ("changes.bson", DAMAGED),
    ("changes.bson", bson.encode({"c": "a$b", "x": 1})),
    ("changes.bson", bson.encode({"c": "users", "d": 5})),
    ("changes.bson", bson.encode({"x": 1})),
    ("media.tar", tar_of(entry("aa/x", tarfile.SYMTYPE, "/etc/passwd"))),
    ("media.tar", tar_of(FILE, entry("aa/x", tarfile.LNKTYPE, "aa/gone"))),
    ("media.tar", tar_of(entry("aa/x", tarfile.DIRTYPE))),
    ("media.tar", tar_of(entry("aa/.."))),
    ("media.tar", tar_of(entry("aa/."))),
    ("media.tar", tar_of(entry("../x"))),
    ("media.tar", tar_of(entry("aa/x", size=9_999))[:2_000]),
    ("media.tar", tar_of(FILE, FILE)),
    ("media.tar", b"no archive"),
    ("media.tar", b""),
)


def test_what_cannot_be_restored_is_refused_before_the_database_is_deleted(tmp_path):
    path = tmp_path / "kwip.zip"
    for number, (member, content) in enumerate(WRONG):
        archive, database = archive_of(path, {**SOUND, member: content}), Database()
        restore = Restore(archive, database, system_clock_ms)

        with pytest.raises(InvalidError, match=re.escape(member)):
            restore.database(Silence(), replaces=True)

        assert not database.is_cleared, number
        archive.close()


def test_keys_that_are_no_text_are_refused(tmp_path):
    archive = archive_of(tmp_path / "kwip.zip", {**SOUND, SECRETS: b"\xff"})

    with pytest.raises(InvalidError, match="secrets has no keys"):
        secret_keys(archive)

    archive.close()


def test_a_sound_backup_is_restored_with_its_files(tmp_path):
    archive, database, files = archive_of(tmp_path / "kwip.zip", SOUND), Database(), []
    restore = Restore(archive, database, system_clock_ms)

    restore.database(Silence(), replaces=True)
    restore.files(Silence(), lambda path, _: files.append(path))

    assert (database.is_cleared, files) == (True, [FILE.name])
    archive.close()
