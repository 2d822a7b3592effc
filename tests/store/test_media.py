"""Where uploaded files are: a file is complete or absent, in a folder and a bucket."""

from __future__ import annotations

import errno
import io
import math
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from obstore.exceptions import GenericError

from kwip.domain.errors import StorageFullError, StoreUnavailableError
from kwip.store import media_bucket
from kwip.store.media import MediaFolder
from kwip.store.media_bucket import MediaBucket

PATH, OTHER = "ab/abc-400.webp", "cd/cde-400.webp"
CONTENT = b"picture" * 5_000
LONG_AGO_S, LATER_S = time.time() - 3_600, time.time() + 3_600


@pytest.fixture
def root(tmp_path):
    return tmp_path / "media"


@pytest.fixture
def folder(root):
    return MediaFolder(root)


@pytest.fixture
def bucket(bucket_uri):
    return MediaBucket(bucket_uri)


def everything(root):
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def listed(stored):
    return sorted(file.path for file in stored.files())


def content(stored, path=PATH):
    found = stored.open(path)
    if found is None:
        return None
    with found.content:
        read = found.content.read()
        assert found.size == len(read)
        return read


@pytest.mark.parametrize("place", ["folder", "bucket"])
class TestEveryStore:
    """What holds for each place where files may be."""

    @pytest.fixture
    def stored(self, place, request):
        return request.getfixturevalue(place)

    def test_a_file_is_kept_and_found(self, stored):
        source = io.BytesIO(CONTENT)
        source.read(5)

        stored.save(PATH, source)

        assert content(stored) == CONTENT
        (file,) = stored.files()
        assert (file.path, file.size) == (PATH, len(CONTENT))
        assert LONG_AGO_S < file.modified_s < LATER_S
        assert stored.has(PATH)

    def test_what_is_absent_is_not_found(self, stored):
        assert stored.open(PATH) is None
        assert not stored.has(PATH)
        assert list(stored.files()) == []
        assert not stored.remove(PATH, older_than_s=math.inf)
        assert not stored.copy(PATH, OTHER)

    def test_a_large_file_is_read_from_anywhere_in_it(
        self, stored, tmp_path, monkeypatch
    ):
        # Three parts of an upload, and several requests of a download.
        monkeypatch.setattr(media_bucket, "_PART_BYTES", 200_000)
        monkeypatch.setattr(media_bucket, "_WINDOW_BYTES", 100_000)
        monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 200_000)
        body = os.urandom(500_000)
        (tmp_path / "large").write_bytes(body)
        with (tmp_path / "large").open("rb") as source:
            stored.save(PATH, source)

        with stored.open(PATH).content as file:
            file.seek(-250_000, io.SEEK_END)
            assert file.read() == body[-250_000:]
            file.seek(100)
            assert file.read(10) == body[100:110]
            assert file.read(7) == body[110:117]

    def test_many_may_save_the_same_at_once(self, stored):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: stored.save(PATH, io.BytesIO(CONTENT)), range(12)))

        assert content(stored) == CONTENT
        assert listed(stored) == [PATH]

    def test_a_copy_is_made_unless_there_is_one(self, stored):
        stored.save(PATH, io.BytesIO(CONTENT))

        assert stored.copy(PATH, OTHER)
        assert content(stored, OTHER) == CONTENT
        assert stored.remove(PATH, older_than_s=LATER_S)
        assert stored.copy(PATH, OTHER)
        assert listed(stored) == [OTHER]

    def test_only_what_is_old_is_removed(self, stored):
        stored.save(PATH, io.BytesIO(CONTENT))

        assert not stored.remove(PATH, older_than_s=LONG_AGO_S)
        assert content(stored) == CONTENT
        assert stored.remove(PATH, older_than_s=LATER_S)
        assert listed(stored) == []

    def test_what_is_set_aside_is_discarded_or_put_back(self, stored):
        stored.save(PATH, io.BytesIO(CONTENT))
        stored.save(OTHER, io.BytesIO(b"other"))

        assert stored.set_aside([PATH, OTHER, "ef/absent"]) == [PATH, OTHER]
        assert stored.set_aside([PATH]) == [PATH]  # as after a death
        assert content(stored) is content(stored, OTHER) is None
        stored.put_back([PATH, "ef/absent"])
        stored.discard([OTHER, "ef/absent"])

        assert content(stored) == CONTENT
        assert listed(stored) == [PATH]

    def test_what_is_saved_while_it_is_set_aside_stays(self, stored):
        stored.save(PATH, io.BytesIO(CONTENT))

        stored.set_aside([PATH])
        stored.save(PATH, io.BytesIO(CONTENT))
        stored.discard([PATH])

        assert listed(stored) == [PATH]
        stored.put_back([PATH])
        assert content(stored) == CONTENT


def test_a_file_that_is_saved_again_is_new_again(folder, root):
    folder.save(PATH, io.BytesIO(CONTENT))
    os.utime(root / PATH, (5, 5))

    folder.save(PATH, io.BytesIO(CONTENT))

    [file] = folder.files()
    assert file.modified_s > 5


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
        folder.open(PATH)


def test_what_is_saved_while_it_is_removed_stays(folder, root, monkeypatch):
    folder.save(PATH, io.BytesIO(CONTENT))
    os.utime(root / PATH, (100, 100))
    unlink = type(root).unlink

    def unlink_late(path, **options):
        folder.save(PATH, io.BytesIO(CONTENT))
        unlink(path, **options)

    monkeypatch.setattr(type(root), "unlink", unlink_late)
    folder.remove(PATH, older_than_s=101)

    assert content(folder) == CONTENT
    assert everything(root) == [PATH]


def test_a_bucket_that_can_be_used_passes_the_check_and_stays_empty(bucket):
    bucket.check()

    assert listed(bucket) == []


def test_a_bucket_that_does_not_exist_is_reported_without_the_key(bucket_uri):
    bucket = MediaBucket(bucket_uri.replace("/kwip-", "/absent-"))

    with pytest.raises(StoreUnavailableError, match="cannot write to the") as caught:
        bucket.check()
    assert "NoSuchBucket" in caught.value.message
    assert "the bucket exists" in caught.value.message
    assert "cret" not in caught.value.message
    with pytest.raises(StoreUnavailableError):
        bucket.save(PATH, io.BytesIO(CONTENT))


def test_a_bucket_that_may_hold_no_more_is_full(bucket, monkeypatch):
    def refuse(*_, **__):
        raise GenericError("403 Forbidden: <Error><Code>QuotaExceeded</Code></Error>")

    monkeypatch.setattr("obstore.put", refuse)

    with pytest.raises(StorageFullError) as caught:
        bucket.save(PATH, io.BytesIO(CONTENT))
    assert caught.value.context["reason"] == "QuotaExceeded"


def test_a_bucket_that_does_not_answer_is_unavailable(monkeypatch):
    monkeypatch.setattr(media_bucket, "_RETRIES", 0)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    absent = MediaBucket(f"s3://key:secret@127.0.0.1:{port}/files?tls=0")

    for work in (
        lambda: absent.save(PATH, io.BytesIO(CONTENT)),
        lambda: absent.open(PATH),
        lambda: absent.copy(PATH, OTHER),
        lambda: absent.set_aside([PATH]),
        lambda: absent.discard([PATH]),
        lambda: list(absent.files()),
    ):
        with pytest.raises(StoreUnavailableError) as caught:
            work()
        assert "error sending request" in caught.value.context["reason"]
