"""`kwip media`: what is there, what nobody uses, and away with it."""

from __future__ import annotations

import os
import time

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.posting.posts import Draft, Visibility
from tests.pictures import BLUE, plain, sent
from tests.wired import sign_up

LONG_AGO = time.time() - 2 * 3600


@pytest.fixture
def bob(wiring):
    return sign_up(wiring, "bob")


@pytest.fixture
def show(wiring, bob):
    """Return a function that gives bob other pictures."""

    def change(**changes):
        changes = {
            k: sent(v) if isinstance(v, bytes) else v for k, v in changes.items()
        }
        return wiring.services.users.update_profile(bob, ProfileChange(**changes))

    return change


@pytest.fixture
def root(settings):
    return settings.media_folder


def age(root, *names):
    """Let files be two hours old; all of them, or those of some pictures."""
    for path in root.rglob("*"):
        if path.is_file() and (not names or path.name.startswith(names)):
            os.utime(path, (LONG_AGO, LONG_AGO))


def files(root):
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_what_is_used_is_counted_by_kind_and_no_orphan(kwip, show, root):
    show(avatar=plain(), banner=plain())
    age(root)

    usage = kwip("media", "usage", "--json")

    assert usage.code == 0
    assert {k: row["files"] for k, row in usage.json["kinds"].items()} == {
        "avatar": 2,
        "banner": 2,
    }
    assert sum(row["bytes"] for row in usage.json["kinds"].values()) == sum(
        path.stat().st_size for path in root.rglob("*.webp")
    )
    assert usage.json["orphans"] == {"files": 0, "bytes": 0}
    assert kwip("media", "orphans").code == 0


def test_a_picture_that_was_replaced_is_an_orphan_after_an_hour(kwip, show, root):
    old = show(avatar=plain()).avatar
    new = show(avatar=plain(colour=BLUE)).avatar
    assert kwip("media", "orphans", "--json").json == {"findings": []}
    age(root)

    found = kwip("media", "orphans", "--json")
    assert found.code == 1
    assert {f["path"][3:35] for f in found.json["findings"]} == {old}
    dry = kwip("media", "prune", "--dry-run", "--json")
    assert (dry.code, len(dry.json["removed"]), len(files(root))) == (0, 2, 4)
    pruned = kwip("media", "prune", "--json")
    assert (pruned.code, pruned.json["is_dry_run"]) == (0, False)
    assert files(root) == [f"{new}-120.webp", f"{new}-400.webp"]
    assert kwip("media", "prune").out == "0 files (0 bytes) deleted\n"


def test_nothing_is_pruned_where_no_user_names_any_picture_unless_forced(
    kwip, show, root
):
    show(avatar=plain())
    show(is_avatar_removed=True)
    assert kwip("media", "prune").out == "0 files (0 bytes) deleted\n"
    age(root)

    for options in ([], ["--dry-run"], ["--json"]):
        refused = kwip("media", "prune", *options)
        assert refused.code == 2
        assert "right database" in refused.err
    assert len(files(root)) == 2
    assert kwip("media", "prune", "--force", "--json").code == 0
    assert files(root) == []


def test_leftovers_of_killed_writers_go_and_files_of_others_stay(kwip, show, root):
    name = show(avatar=plain()).avatar
    folder = root / name[:2]
    for left in ("x.webp.0123.draft", f"{name}-400.webp.taken", "notes.txt"):
        (folder / left).write_text("left")
    age(root)

    assert kwip("media", "prune", "--json").code == 0
    assert files(root) == [f"{name}-120.webp", f"{name}-400.webp", "notes.txt"]
    assert kwip("media", "usage", "--json").json["kinds"]["other"]["files"] == 1


def test_a_picture_that_is_not_there_is_found(kwip, show, bob, root):
    name = show(banner=plain()).banner
    (root / name[:2] / f"{name}-600.webp").unlink()

    usage = kwip("media", "usage", "--json")

    assert usage.code == 1
    assert usage.json["findings"] == [
        {"user_id": str(bob.id), "kind": "banner", "picture": name}
    ]
    assert f"missing: banner {name}" in kwip("media", "usage").out


def test_a_static_avatar_is_neither_counted_nor_missing(kwip, wiring, bob):
    wiring.stores.users.update_profile(bob.id, {"avatar": "avatars/demo.svg"})

    assert kwip("media", "usage", "--json").json == {
        "kinds": {},
        "orphans": {"files": 0, "bytes": 0},
        "findings": [],
    }


def test_without_a_readable_folder_it_could_not_run(kwip, bob, root):
    root.parent.mkdir(exist_ok=True)
    root.write_text("no folder")
    run = kwip("media", "usage")

    assert run.code == 2
    assert run.err.startswith("kwip: ")


@pytest.fixture
def attach(wiring, bob):
    """Return a function that uploads a picture of a colour for a kwip."""

    def attach(colour, visibility=None):
        attachments = wiring.services.attachments
        picture = sent(plain(colour=colour))
        upload = attachments.upload(bob, picture, AttachmentChange())
        if visibility is not None:
            draft = Draft(text="", visibility=visibility, attachment_ids=(upload.id,))
            wiring.services.posts.publish(bob.id, draft)
        return upload.attachment.file

    return attach


def test_files_of_kwips_and_of_uploads_are_used_in_their_place_only(kwip, attach, root):
    public = attach(BLUE, Visibility.PUBLIC)
    private = attach((9, 9, 9), Visibility.FOLLOWERS)
    waiting = attach((7, 7, 7))
    # As a writer leaves it that dies after it has copied the files.
    for name in ("large", "small"):
        path = root / private[:2] / f"{private}-{name}.webp"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"copied")
    age(root)

    usage = kwip("media", "usage", "--json")
    assert usage.json["kinds"]["attachment"]["files"] == 8
    assert usage.json["orphans"]["files"] == 2
    found = kwip("media", "prune", "--json").json["removed"]

    assert [row["path"] for row in found] == [
        f"{private[:2]}/{private}-{name}.webp" for name in ("large", "small")
    ]
    assert {path.name[:32] for path in root.rglob("*.webp")} == {
        public,
        private,
        waiting,
    }


def test_a_file_of_a_kwip_that_is_not_there_is_found(kwip, attach, bob, root):
    name = attach(BLUE, Visibility.PUBLIC)
    (root / name[:2] / f"{name}-small.webp").unlink()

    usage = kwip("media", "usage", "--json")

    assert usage.code == 1
    assert usage.json["findings"] == [
        {"user_id": str(bob.id), "kind": "attachment", "picture": name}
    ]
