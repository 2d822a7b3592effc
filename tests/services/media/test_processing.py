"""Uploaded videos and sounds: converted by a job that may die, or run twice."""

from __future__ import annotations

import io
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError, StoreUnavailableError
from kwip.domain.media.attachments import AttachmentChange, AttachmentKind, UploadState
from kwip.domain.posting.posts import Draft
from kwip.services.media import processing
from kwip.services.media.converting.videos import Videos
from kwip.services.media.stored.attachment_files import AttachmentFiles
from tests.jobs.process import Process
from tests.servers import wait_until
from tests.videos import media, mp4

SHORT = {"seconds": 0.3, "size": (64, 48)}


@pytest.fixture(scope="module")
def video():
    return mp4(**SHORT)


@pytest.fixture
def upload(kwip, alice, video):
    """Return a function that uploads a video, or something else."""

    def upload(content=video, **words):
        change = AttachmentChange(**words)
        return kwip.services.attachments.upload(alice, io.BytesIO(content), change)

    return upload


@pytest.fixture
def files(settings):
    """Return a function that lists the ends of the names of all files."""

    def files():
        paths = settings.media_folder.rglob("*")
        named = [p.name for p in paths if p.is_file() and p.name[0] != "."]
        return sorted(name.partition("-")[2] for name in named)

    return files


@pytest.fixture
def conversions(monkeypatch):
    """Return the list of conversions that were begun."""
    begun = []
    convert = Videos.transcode

    def counted(self, source, folder):
        begun.append(source)
        return convert(self, source, folder)

    monkeypatch.setattr(Videos, "transcode", counted)
    return begun


def stored(kwip, made):
    return kwip.store.database["attachments"].find_one({"_id": made.id})


def end_lease(kwip, made):
    """Let the time of a worker that has died be over."""
    past = at(kwip.sweeper.clock() - 1_000)
    kwip.store.database["attachments"].update_one(
        {"_id": made.id}, {"$set": {"processing.leased_until": past, "due_at": past}}
    )


def convert(kwip, made):
    return kwip.services.processing.convert(made.owner_id, made.id)


CONVERTED = ["large.webp", "small.webp", "video.mp4"]


def test_a_video_is_converted_by_a_job_and_its_source_is_deleted(
    kwip, alice, upload, files, rings
):
    made = upload(description="A loaf rises.")
    assert made.state is UploadState.PROCESSING
    assert rings.waiting == [("convert", f"{alice.id}:{made.id}")]
    assert files() == ["source.bin"]

    rings.run()

    found = kwip.services.attachments.get(alice, made.id)
    assert found.state is UploadState.READY
    assert found.attachment.kind is AttachmentKind.VIDEO
    assert (found.attachment.width, found.attachment.height) == (64, 48)
    assert found.attachment.description == "A loaf rises."
    assert files() == CONVERTED
    assert "processing" not in stored(kwip, made)
    day_s = (found.due_at - at(kwip.sweeper.clock())).total_seconds()
    assert 86_300 < day_s <= 86_400


def test_a_sound_has_no_picture(kwip, alice, upload, files, rings):
    made = upload(media("ogg", sound="libopus", seconds=0.3))
    assert made.attachment.kind is AttachmentKind.AUDIO

    rings.run()

    found = kwip.services.attachments.get(alice, made.id).attachment
    assert (found.kind, found.width) == (AttachmentKind.AUDIO, 0)
    assert files() == ["audio.ogg"]


def test_nobody_gets_the_source_of_a_video(kwip, upload):
    made = upload()

    for variant in ("source.bin", "video.mp4"):
        with pytest.raises(NotFoundError):
            kwip.services.attachments.read_private(made.id, variant)
    with pytest.raises(NotFoundError):
        kwip.services.attachments.files.read_open(
            f"{made.source[:2]}/{made.source}-source.bin"
        )


def test_a_video_can_be_posted_once_it_is_converted(kwip, alice, upload, rings):
    made = upload()
    draft = Draft(text="", attachment_ids=(made.id,), idempotency_key="a form")
    with pytest.raises(InvalidError) as early:
        kwip.services.posts.publish(alice.id, draft)
    rings.run()

    post = kwip.services.posts.publish(alice.id, draft)

    assert "still being processed" in early.value.fields["media_ids"]
    assert [each.id for each in post.media] == [made.id]


def test_a_conversion_that_the_queue_lost_is_enqueued_again(kwip, alice, upload, rings):
    made = upload()
    rings.waiting.clear()

    kwip.sweeper.sweep()
    rings.run()

    assert kwip.services.attachments.get(alice, made.id).state is UploadState.READY


def test_a_job_that_runs_twice_converts_once(
    kwip, upload, files, conversions, monkeypatch
):
    made = upload()
    both = threading.Barrier(2, timeout=10)
    begin = type(kwip.services.processing.store).begin

    def at_once(*arguments):
        both.wait()
        return begin(*arguments)

    monkeypatch.setattr(type(kwip.services.processing.store), "begin", at_once)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: convert(kwip, made), "ab"))
    monkeypatch.undo()

    assert sorted(outcomes) == ["nothing", "ready"]
    assert len(conversions) == 1
    assert convert(kwip, made) == "nothing"
    assert files() == CONVERTED


def test_after_a_worker_has_died_another_one_converts(kwip, upload, files, rings):
    made = upload()
    now = at(kwip.sweeper.clock())
    store = kwip.services.processing.store
    store.begin(made.owner_id, made.id, "dies", now, now + processing.LEASE)
    rings.run()
    assert stored(kwip, made)["state"] == "processing"
    end_lease(kwip, made)

    kwip.sweeper.sweep()
    rings.run()

    assert stored(kwip, made)["state"] == "ready"
    assert files() == CONVERTED


def test_a_worker_that_dies_before_it_deletes_the_source_has_converted(
    kwip, upload, files, conversions, monkeypatch
):
    made = upload()
    with monkeypatch.context() as dying:
        dying.setattr(
            type(kwip.services.attachments.files), "remove_source", _fail_to_reach
        )
        assert convert(kwip, made) == "later"
    assert stored(kwip, made)["state"] == "processing"
    assert files() == sorted([*CONVERTED, "source.bin"])
    end_lease(kwip, made)

    assert convert(kwip, made) == "ready"

    assert len(conversions) == 1
    assert files() == CONVERTED


def _fail_to_reach(*_):
    raise StoreUnavailableError("The folder is gone.")


def test_a_worker_that_dies_before_it_stores_the_files_is_replaced(
    kwip, alice, upload, files, monkeypatch
):
    made = upload()

    def is_down(*_):
        raise StoreUnavailableError("Kwip can't reach its files right now.")

    with monkeypatch.context() as outage:
        outage.setattr(AttachmentFiles, "save", is_down)
        assert convert(kwip, made) == "later"
    assert stored(kwip, made)["media"]["variants"]
    assert files() == ["source.bin"]
    end_lease(kwip, made)

    assert convert(kwip, made) == "ready"

    assert files() == CONVERTED


def test_a_worker_that_lost_its_lease_changes_nothing(kwip, upload, files, monkeypatch):
    made = upload()
    transcode = Videos.transcode

    def slow(self, source, folder):
        result = transcode(self, source, folder)
        # Meanwhile somebody else took it for dead.
        kwip.store.database["attachments"].update_one(
            {"_id": made.id}, {"$set": {"processing.worker": "another"}}
        )
        return result

    monkeypatch.setattr(Videos, "transcode", slow)

    assert convert(kwip, made) == "taken_over"
    assert stored(kwip, made)["media"]["variants"] == []
    assert files() == ["source.bin"]


def test_the_lease_is_kept_while_a_video_is_converted(kwip, upload, monkeypatch):
    made = upload()
    monkeypatch.setattr(processing, "_RENEW_S", 0.01)
    renewed = threading.Event()
    renew = type(kwip.services.processing.store).renew
    times = []

    def noted(store, conversion, until):
        renew(store, conversion, until)
        found = stored(kwip, made)["processing"]["leased_until"]
        times.append((found, until))
        if len(times) > 2:
            # So many renewals leave no time to store what was converted.
            monkeypatch.setattr(processing, "_RENEW_S", 15.0)
            renewed.set()

    monkeypatch.setattr(type(kwip.services.processing.store), "renew", noted)
    transcode = Videos.transcode

    def slow(self, source, folder):
        assert renewed.wait(30)
        return transcode(self, source, folder)

    monkeypatch.setattr(Videos, "transcode", slow)

    assert convert(kwip, made) == "ready"
    assert all(found == until for found, until in times)
    assert times[0] < times[2]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: mp4(**SHORT)[:900], "damaged"),
        (lambda: b"ID3" + bytes(500), "damaged"),
        (lambda: media("matroska", "ffv1", **SHORT), "isn't a video or audio file"),
    ],
    ids=["incomplete", "not a song", "unknown codec"],
)
def test_a_file_that_cannot_be_used_fails_with_the_reason(
    kwip, alice, upload, files, rings, content, why
):
    made = upload(content())

    rings.run()

    found = kwip.services.attachments.get(alice, made.id)
    assert found.state is UploadState.FAILED
    assert why in found.problem
    assert found.size_bytes == 0
    assert files() == []
    draft = Draft(text="x", attachment_ids=(made.id,))
    with pytest.raises(InvalidError) as refused:
        kwip.services.posts.publish(alice.id, draft)
    assert why in refused.value.fields["media_ids"]


def test_what_failed_goes_after_a_day(kwip, upload, rings):
    made = upload(b"ID3" + bytes(500))
    rings.run()
    past = at(kwip.sweeper.clock() - 1_000)
    kwip.store.database["attachments"].update_one(
        {"_id": made.id}, {"$set": {"due_at": past}}
    )

    kwip.sweeper.sweep()
    rings.run()

    assert stored(kwip, made) is None


def test_a_file_that_ends_every_worker_is_given_up(kwip, alice, upload, files):
    made = upload()
    kwip.store.database["attachments"].update_one(
        {"_id": made.id},
        {"$set": {"processing.attempts": processing.MOST_ATTEMPTS}},
    )

    assert convert(kwip, made) == "failed"

    problem = kwip.services.attachments.get(alice, made.id).problem
    assert problem == "Converting this file failed. Upload it again."
    assert files() == []


def test_an_upload_that_is_deleted_before_its_job_leaves_nothing(
    kwip, alice, upload, files, rings
):
    made = upload()

    kwip.services.attachments.delete(alice, made.id)
    rings.run()

    assert stored(kwip, made) is None
    assert files() == []


def test_an_upload_that_is_deleted_during_its_job_leaves_nothing(
    kwip, alice, upload, files, monkeypatch
):
    made = upload()
    transcode = Videos.transcode

    def and_delete(self, source, folder):
        result = transcode(self, source, folder)
        kwip.services.attachments.delete(alice, made.id)
        return result

    monkeypatch.setattr(Videos, "transcode", and_delete)

    assert convert(kwip, made) == "taken_over"
    assert stored(kwip, made) is None
    assert files() == []


def test_words_that_change_during_the_conversion_are_kept(
    kwip, alice, upload, monkeypatch
):
    made = upload(description="Old")
    transcode = Videos.transcode

    def and_describe(self, source, folder):
        change = AttachmentChange(description="New", focus=(0.5, 0.0))
        kwip.services.attachments.change(alice, made.id, change)
        return transcode(self, source, folder)

    monkeypatch.setattr(Videos, "transcode", and_describe)
    convert(kwip, made)

    found = kwip.services.attachments.get(alice, made.id).attachment
    assert (found.description, found.focus_x) == ("New", 0.5)
    assert found.variants


def test_a_file_that_is_too_large_is_refused_before_it_is_stored(
    upload, files, monkeypatch, video
):
    monkeypatch.setattr(processing, "VIDEO_MAX_BYTES", len(video) - 1)

    with pytest.raises(InvalidError) as refused:
        upload()

    assert "The limit is" in refused.value.fields["file"]
    assert files() == []


def test_beyond_the_quota_no_video_is_stored(kwip, upload, files, monkeypatch):
    kind = type(kwip.services.attachments)
    monkeypatch.setattr(kind, "quota_bytes", 10, raising=False)

    with pytest.raises(InvalidError):
        upload()

    assert files() == []


def test_a_process_that_ends_leaves_its_conversion_to_another(
    kwip, upload, monkeypatch
):
    made = upload()
    under_way = threading.Event()
    transcode = Videos.transcode

    def noted(self, source, folder):
        under_way.set()
        return transcode(self, source, folder)

    monkeypatch.setattr(Videos, "transcode", noted)
    kwip.services.processing.close()

    assert convert(kwip, made) == "later"
    assert under_way.is_set()
    assert stored(kwip, made)["state"] == "processing"


@pytest.mark.long
def test_a_worker_that_is_killed_is_replaced(kwip, upload, endpoints, settings, files):
    made = upload(
        media("mov", "mjpeg", seconds=1, size=(320, 240), rate=60, pixels="yuvj420p")
    )
    kwip.queue.enqueue("convert", f"{made.owner_id}:{made.id}")
    first = Process(endpoints, settings.home, "jobs")
    wait_until(lambda: stored(kwip, made)["processing"]["attempts"] == 1)
    first.send(signal.SIGKILL)
    first.end()
    assert stored(kwip, made)["state"] == "processing"
    end_lease(kwip, made)

    second = Process(endpoints, settings.home)
    try:
        wait_until(lambda: stored(kwip, made)["state"] == "ready", within_s=60)
    finally:
        second.end()

    assert files() == CONVERTED
