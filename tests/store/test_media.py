"""The folder of pictures: a file is whole or not there."""

from __future__ import annotations

import errno
import io
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from kwip.domain.errors import StorageFullError, StoreUnavailableError
from kwip.store.media import MediaFolder

PATH, CONTENT = "ab/abc-400.webp", b"picture" * 5_000


@pytest.fixture
def root(tmp_path):
    return tmp_path / "media"


@pytest.fixture
def folder(root):
    return MediaFolder(root)


def everything(root):
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def test_a_file_is_kept_and_found(folder, root):
    folder.save(PATH, io.BytesIO(CONTENT))

    assert folder.read(PATH) == CONTENT
    assert everything(root) == [PATH]


def test_what_is_not_there_is_not_found(folder):
    assert folder.read(PATH) is None
    assert list(folder.files()) == []


def test_a_file_that_is_saved_again_is_new_again(folder, root):
    folder.save(PATH, io.BytesIO(CONTENT))
    os.utime(root / PATH, (5, 5))

    folder.save(PATH, io.BytesIO(CONTENT))

    [file] = folder.files()
    assert (file.path, file.size) == (PATH, len(CONTENT))
    assert file.modified_s > 5


def test_many_may_save_the_same_at_once(folder, root):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: folder.save(PATH, io.BytesIO(CONTENT)), range(40)))

    assert folder.read(PATH) == CONTENT
    assert everything(root) == [PATH]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("step", ["fsync", "write"])
def test_on_a_full_disk_nothing_is_left_of_a_file(
    folder, root, monkeypatch, number, step
):
    def is_full(*_):
        raise OSError(number, os.strerror(number))

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", is_full)
    else:
        monkeypatch.setattr("pathlib.Path.replace", is_full)

    with pytest.raises(StorageFullError):
        folder.save(PATH, io.BytesIO(CONTENT))

    assert everything(root) == []


def test_a_folder_that_cannot_be_used_is_told_of(folder, root):
    root.write_text("this is no folder")

    with pytest.raises(StoreUnavailableError):
        folder.save(PATH, io.BytesIO(CONTENT))
    with pytest.raises(StoreUnavailableError):
        folder.read(PATH)


def test_an_old_file_is_removed_and_a_new_one_stays(folder, root):
    folder.save(PATH, io.BytesIO(CONTENT))
    os.utime(root / PATH, (100, 100))

    assert not folder.remove(PATH, older_than_s=100)
    assert folder.read(PATH) == CONTENT
    assert folder.remove(PATH, older_than_s=101)
    assert everything(root) == []
    assert not folder.remove(PATH, older_than_s=101)


def test_what_is_saved_while_it_is_removed_stays(folder, root, monkeypatch):
    folder.save(PATH, io.BytesIO(CONTENT))
    os.utime(root / PATH, (100, 100))
    unlink = type(root).unlink

    def unlink_late(path, **options):
        folder.save(PATH, io.BytesIO(CONTENT))
        unlink(path, **options)

    monkeypatch.setattr(type(root), "unlink", unlink_late)
    folder.remove(PATH, older_than_s=101)

    assert folder.read(PATH) == CONTENT
    assert everything(root) == [PATH]
