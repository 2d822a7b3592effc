"""What is wrong with the file of a backup is one clear error, whatever it is."""

from __future__ import annotations

import json
import zipfile

import pytest

from kwip.domain.errors import InvalidError
from kwip.services.backups.archive import Archive
from kwip.services.backups.kept import backups_in, expendable

MEMBER = {"bytes": 0, "count": 0, "sha256": "0"}
SOUND = {
    "format": 1,
    "kind": "site",
    "version": "0.1.0",
    "media": "left out",
    "began_at": "2026-11-29T12:00:00+00:00",
    "taken_at": "2026-11-29T13:00:00+01:00",
    "members": {"changes.bson": MEMBER},
}
WRONG_VALUES = (
    {"members": 5},
    {"members": []},
    {"members": {"changes.bson": {**MEMBER, "bytes": "x"}}},
    {"members": {"changes.bson": {**MEMBER, "count": -1}}},
    {"members": {"changes.bson": 5}},
    {"media": None},
    {"format": -1},
    {"format": "1"},
    {"taken_at": 5},
    {"taken_at": "2026-11-29T12:00:00"},
    {"taken_at": "9999-12-31T23:59:59-14:00"},
    {"taken_at": "0001-01-01T00:00:00+14:00"},
)
LARGE = json.dumps(SOUND) + " " * 32_000_000
WRONG_TEXTS = ("5", "null", '"x"', "[]", "[" * 200_000, b"\xff", LARGE)


def write(path, manifest):
    text = manifest if isinstance(manifest, str | bytes) else json.dumps(manifest)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", text)
    return path


def directory_at(content):
    """Return where the one entry of the directory begins."""
    return content.rindex(b"PK\x01\x02")


def bits_flipped(content):
    place = content.index(b"manifest.json") + len("manifest.json")
    content[place : place + 20] = b"\xff" * 20


def method_unknown(content):
    content[directory_at(content) + 10] = 99


def encrypted(content):
    content[directory_at(content) + 8] |= 1


def patched(content):
    content[directory_at(content) + 8] |= 0x20


def version_too_high(content):
    content[directory_at(content) + 6] = 255


DAMAGES = (bits_flipped, method_unknown, encrypted, patched, version_too_high)


def test_whatever_is_wrong_with_a_manifest_is_one_error_that_names_the_file(tmp_path):
    path = tmp_path / "kwip-2026-11-29T120000Z.zip"
    for wrong in (*({**SOUND, **each} for each in WRONG_VALUES), *WRONG_TEXTS):
        write(path, wrong)

        with pytest.raises(InvalidError, match=path.name):
            Archive(path)

    [kept] = backups_in(tmp_path)
    assert kept.manifest is None
    assert expendable([kept], daily=0, weekly=0) == []
    sound = Archive(write(path, SOUND))
    sound.close()
    assert sound.manifest.taken_at.isoformat() == SOUND["began_at"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_zip_file_is_an_error_that_names_the_file(tmp_path, damage):
    path = write(tmp_path / "kwip.zip", SOUND)
    Archive(path).close()
    content = bytearray(path.read_bytes())
    damage(content)
    path.write_bytes(content)

    with pytest.raises(InvalidError, match=path.name):
        Archive(path)
