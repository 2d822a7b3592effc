"""Files of suspended people: nobody gets them, wherever their addresses are known."""

from __future__ import annotations

from contextlib import suppress

import pytest

from kwip.domain.errors import GoneError, NotFoundError, StoreUnavailableError
from kwip.domain.media.attachments import AttachmentChange, AttachmentFile
from kwip.domain.posting.posts import Draft, Edit, Visibility
from kwip.store.media import UNREACHABLE, MediaFolder
from kwip.store.posting.posts import PostStore
from tests.pictures import BLUE, RED, plain, sent


@pytest.fixture
def post(kwip):
    """Return a function that posts a picture; it returns what the post has of it."""

    def post(viewer, colour, visibility=Visibility.PUBLIC):
        upload = kwip.services.attachments.upload(
            viewer, sent(plain(colour=colour)), AttachmentChange()
        )
        draft = Draft(text="", attachment_ids=(upload.id,), visibility=visibility)
        return kwip.services.posts.publish(viewer.id, draft).media[0]

    return post


@pytest.fixture
def is_readable(kwip):
    """Return a function that says whether an address of a file works."""
    attachments = kwip.services.attachments

    def is_readable(media, *, is_open=True):
        path = AttachmentFile(media.file, media.original, is_open=True).path
        try:
            if is_open:
                found = attachments.files.read_open(path)
            else:
                found = attachments.read_private(media.id, media.original)
        except NotFoundError:
            return False
        found.content.close()
        return True

    return is_readable


def test_files_of_a_suspended_user_are_gone_until_it_ends(
    kwip, alice, new_user, post, is_readable
):
    public, shared = post(alice, RED), post(alice, BLUE)
    private = post(alice, (7, 7, 7), Visibility.FOLLOWERS)
    post(new_user("bob"), BLUE)
    moderation = kwip.services.moderation

    moderation.suspend(alice.id)

    assert not is_readable(public)
    assert not is_readable(public, is_open=False)
    assert not is_readable(private, is_open=False)
    assert is_readable(shared)  # as bob's
    moderation.unsuspend(alice.id)
    assert is_readable(public)
    assert is_readable(shared)
    assert is_readable(private, is_open=False)


def test_a_suspension_that_could_not_move_the_files_is_repeated(
    kwip, alice, post, is_readable, monkeypatch
):
    public = post(alice, RED)

    def is_down(*_):
        raise StoreUnavailableError(UNREACHABLE)

    with monkeypatch.context() as outage:
        outage.setattr(MediaFolder, "set_aside", is_down)
        with pytest.raises(StoreUnavailableError):
            kwip.services.moderation.suspend(alice.id)
    assert is_readable(public)

    kwip.services.moderation.suspend(alice.id)

    assert not is_readable(public)


@pytest.mark.parametrize("act", ["insert", "edit"])
def test_a_post_that_is_stored_while_its_author_is_suspended_opens_no_files(
    kwip, alice, post, is_readable, monkeypatch, act
):
    draft = Draft(text="Hello", attachment_ids=())
    old = kwip.services.posts.publish(alice.id, draft)
    store = getattr(PostStore, act)

    def overtaken(*arguments):
        kwip.services.moderation.suspend(alice.id)
        return store(*arguments)

    monkeypatch.setattr(PostStore, act, overtaken)
    if act == "insert":
        media = post(alice, RED)
    else:
        upload = kwip.services.attachments.upload(
            alice, sent(plain(colour=RED)), AttachmentChange()
        )
        with suppress(GoneError):  # it is hidden as well
            kwip.services.posts.edit(
                alice, old.id, Edit(text="Look", attachment_ids=(upload.id,))
            )
        media = upload.attachment

    assert not is_readable(media)
    kwip.services.moderation.unsuspend(alice.id)
    assert is_readable(media)
