"""`kwip emoji`: what an administrator sees when it works, and when it does not."""

from __future__ import annotations

import os

import pytest

from tests.pictures import BLUE, plain


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two pictures, one of which is no emoji."""
    made = tmp_path / "emoji"
    made.mkdir()
    (made / "blob.png").write_bytes(plain())
    (made / "a-b.gif").write_bytes(plain("GIF"))
    (made / "broken.webp").write_bytes(b"RIFF")
    (made / "readme.txt").write_text("not looked at")
    return made


def test_an_import_names_each_wrong_file_and_adds_nothing(kwip, folder):
    refused = kwip("emoji", "import", folder)
    left = kwip("emoji", "list", "--json").json

    assert refused.code == 2
    assert refused.out == ""
    first, second, last = refused.err.splitlines()
    assert first.startswith("kwip: a-b.gif: :a-b: can't be a short code. Use 2 to 64")
    assert second.startswith("kwip: broken.webp: Use a PNG, GIF or WebP")
    assert last == "kwip: No emoji was added."
    assert left == {"emojis": []}


def test_media_commands_know_the_pictures_of_emoji(kwip, folder, settings):
    kwip("emoji", "add", "blob", folder / "blob.png")
    (stored,) = settings.media_folder.rglob("*.webp")
    os.utime(stored, (0, 0))

    assert kwip("media", "orphans").code == 0
    assert kwip("media", "usage", "--json").json["kinds"]["emoji"]["files"] == 1

    stored.unlink()
    usage, fsck = kwip("media", "usage"), kwip("fsck")

    assert (usage.code, fsck.code) == (1, 1)
    assert "emojis: blob: its picture is missing: add it again" in fsck.out
    assert f"missing: emoji {stored.stem[:32]} of :blob:" in usage.out


def test_an_emoji_is_replaced_only_if_asked(kwip, folder):
    (folder / "new.png").write_bytes(plain(colour=BLUE))
    kwip("emoji", "add", "blob", folder / "blob.png", "--category", "Blobs")

    refused = kwip("emoji", "add", ":blob:", folder / "new.png")
    replaced = kwip("emoji", "add", ":blob:", folder / "new.png", "--replace")

    assert refused.code == 2
    assert "new.png: :blob: exists already. Use --replace" in refused.err
    assert (replaced.code, replaced.out) == (0, "added :blob:\n")
    assert kwip("emoji", "list").out.split() == [":blob:", "Blobs", "1", "emoji"]
