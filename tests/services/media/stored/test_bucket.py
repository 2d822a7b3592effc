"""Attachments whose files are in a bucket."""

from __future__ import annotations

import pytest

from kwip.domain.errors import StoreUnavailableError
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.posting.posts import Draft, Visibility
from kwip.services.maintenance.checks.media_audit import MediaAudit
from kwip.store.emojis import EmojiStore
from kwip.store.media import UNREACHABLE
from kwip.store.media_bucket import MediaBucket
from kwip.store.posting.media.attachments import AttachmentStore
from tests.pictures import opened, plain, sent
from tests.servers import settings_in


@pytest.fixture
def settings(tmp_path, bucket_uri):
    return settings_in(tmp_path / "home", KWIP_MEDIA_STORE_URI=bucket_uri)


@pytest.fixture
def publish(kwip):
    """Return a function that posts a picture; it is always the same one."""

    def publish(viewer, visibility=Visibility.PUBLIC):
        upload = kwip.services.attachments.upload(
            viewer, sent(plain()), AttachmentChange()
        )
        draft = Draft(text="", attachment_ids=(upload.id,), visibility=visibility)
        return kwip.services.posts.publish(viewer.id, draft)

    return publish


@pytest.fixture
def paths(kwip):
    """Return a function that lists what is in the bucket."""
    media = kwip.services.attachments.files.media
    return lambda: sorted(file.path for file in media.files())


def test_a_picture_is_stored_read_audited_and_deleted(
    kwip, alice, publish, paths, settings
):
    attachments = kwip.services.attachments
    post = publish(alice)
    name = post.media[0].file
    assert paths() == [f"{name[:2]}/{name}-{size}.webp" for size in ("large", "small")]

    with attachments.files.read_open(paths()[0]).content as file:
        assert opened(file.read()).size == (post.media[0].width, post.media[0].height)
    files = attachments.files
    audit = MediaAudit(
        files.media,
        kwip.stores.users,
        attachments.store,
        EmojiStore(kwip.store),
        kwip.services.previews,
        files.purges,
        lambda: 0,
    )
    found = audit.inventory()
    assert (found.files["attachment"], found.missing, found.orphans) == (2, [], [])
    kwip.services.posts.delete(alice, post.id)

    assert paths() == []
    assert not settings.media_folder.exists()


def test_while_the_bucket_is_down_nothing_is_posted_and_deletions_wait(
    kwip, alice, publish, paths, monkeypatch, quiet_log, rings
):
    post = publish(alice)

    def is_down(*_, **__):
        raise StoreUnavailableError(UNREACHABLE)

    with monkeypatch.context() as outage:
        for method in ("save", "copy", "set_aside"):
            outage.setattr(MediaBucket, method, is_down)
        with pytest.raises(StoreUnavailableError):
            publish(alice)
        kwip.services.posts.delete(alice, post.id)
        assert kwip.stores.posts.get_many([post.id])[post.id].is_tombstone
        assert len(paths()) == 2
    assert kwip.store.database["posts"].count_documents({}) == 1

    kwip.sweeper.sweep()
    rings.run()

    assert paths() == []
    assert kwip.store.database["attachments"].count_documents({}) == 0
    assert "files_removed_later" in [line["event"] for line in quiet_log]


def test_a_file_that_is_posted_again_while_it_is_deleted_stays(
    kwip, alice, publish, paths, monkeypatch
):
    post, used = publish(alice), AttachmentStore.used

    def used_just_before(*arguments, **options):
        found = used(*arguments, **options)
        monkeypatch.setattr(AttachmentStore, "used", used)
        publish(alice)
        return found

    monkeypatch.setattr(AttachmentStore, "used", used_just_before)
    kwip.services.posts.delete(alice, post.id)

    assert len(paths()) == 2
    assert not any("private" in path for path in paths())
