"""Uploads: each for one post, private until then, and gone with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.media.attachments import AttachmentChange, AttachmentFile, UploadState
from kwip.domain.posting.posts import Draft, Edit, Visibility
from tests.pictures import BLUE, RED, plain, sent

DAY_MS = 24 * 3_600_000


@pytest.fixture
def upload(kwip):
    """Return a function that uploads a picture."""

    def upload(viewer, colour=RED, **words):
        picture, change = sent(plain(colour=colour)), AttachmentChange(**words)
        return kwip.services.attachments.upload(viewer, picture, change)

    return upload


@pytest.fixture
def files(settings):
    """Return a function that lists the files, by how many are open and private."""

    def files():
        root = settings.media_folder
        paths = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()]
        parsed = [AttachmentFile.parse(path) for path in paths]
        return (
            sum(each.is_open for each in parsed),
            sum(not each.is_open for each in parsed),
        )

    return files


def publish(kwip, viewer, *uploads, **fields):
    ids = tuple(each.id for each in uploads)
    draft = Draft(text=fields.pop("text", ""), attachment_ids=ids, **fields)
    return kwip.services.posts.publish(viewer.id, draft)


def state_of(kwip, upload):
    document = kwip.store.database["attachments"].find_one({"_id": upload.id})
    return None if document is None else (document["state"], document["post_id"])


@pytest.mark.parametrize(
    ("visibility", "places"),
    [
        ("public", (2, 0)),
        ("unlisted", (2, 0)),
        ("followers", (0, 2)),
        ("direct", (0, 2)),
    ],
)
def test_files_are_open_where_the_post_is(
    kwip, alice, upload, files, visibility, places
):
    made = upload(alice)
    assert files() == (0, 2)

    publish(kwip, alice, made, visibility=Visibility(visibility))

    assert files() == places


def test_of_two_posts_that_want_one_upload_one_gets_it(kwip, alice, upload, files):
    made = upload(alice)

    def attempt(text):
        try:
            return publish(kwip, alice, made, text=text)
        except InvalidError as error:
            return list(error.fields)

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, "abcd"))

    assert outcomes.count(["media_ids"]) == 3
    (post,) = [each for each in outcomes if each != ["media_ids"]]
    assert state_of(kwip, made) == ("ready", post.id)
    assert kwip.store.database["posts"].count_documents({}) == 1
    assert files() == (2, 0)


def test_a_post_that_is_repeated_with_its_key_keeps_its_uploads(kwip, alice, upload):
    made = upload(alice)

    first, again = (publish(kwip, alice, made, idempotency_key="key") for _ in range(2))

    assert first.id == again.id
    assert [each.id for each in again.media] == [made.id]


def test_the_same_file_uploaded_again_is_the_same_body_for_a_key(kwip, alice, upload):
    first = publish(kwip, alice, upload(alice), idempotency_key="key")

    again = publish(kwip, alice, upload(alice), idempotency_key="key")

    assert again.id == first.id
    with pytest.raises(InvalidError):
        publish(kwip, alice, upload(alice, BLUE), idempotency_key="key")


def test_nobody_attaches_what_somebody_else_uploaded(kwip, alice, bob, upload):
    with pytest.raises(InvalidError) as refused:
        publish(kwip, bob, upload(alice))

    assert list(refused.value.fields) == ["media_ids"]
    assert kwip.store.database["posts"].count_documents({}) == 0


def test_a_post_has_at_most_four(kwip, alice, upload):
    uploads = [upload(alice, (n, n, n)) for n in range(5)]

    with pytest.raises(InvalidError):
        publish(kwip, alice, *uploads)
    assert len(publish(kwip, alice, *uploads[:4]).media) == 4


def test_a_deleted_posts_files_go_at_once(kwip, alice, upload, files):
    made = upload(alice)
    post = publish(kwip, alice, made)

    kwip.services.posts.delete(alice, post.id)

    assert files() == (0, 0)
    assert state_of(kwip, made) is None
    assert kwip.stores.posts.get_many([post.id])[post.id].media == ()


def test_a_file_that_another_post_shows_stays(kwip, alice, bob, upload, files):
    first = publish(kwip, alice, upload(alice))
    publish(kwip, bob, upload(bob))
    private = publish(kwip, bob, upload(bob), visibility=Visibility.FOLLOWERS)
    assert files() == (2, 2)

    kwip.services.posts.delete(alice, first.id)
    assert files() == (2, 2)
    kwip.services.posts.delete(bob, private.id)
    assert files() == (2, 0)


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.FOLLOWERS])
def test_files_of_a_redrafted_post_are_private_and_can_be_posted_again(
    kwip, alice, upload, files, visibility
):
    made = upload(alice, description="Red.")
    post = publish(kwip, alice, made, visibility=visibility)

    kwip.services.posts.delete(alice, post.id, keeps_media=True)

    assert files() == (0, 2)
    assert state_of(kwip, made) == ("ready", None)
    (again,) = publish(kwip, alice, made).media
    assert again.description == "Red."
    assert files() == (2, 0)


def test_an_edit_moves_and_describes_without_touching_a_file(
    kwip, alice, upload, files
):
    red, blue = upload(alice), upload(alice, BLUE)
    post = publish(kwip, alice, red, blue)
    change = {red.id: AttachmentChange(description="Red.", focus=(0.5, -1.0))}

    edit = Edit(text="", attachment_ids=(blue.id, red.id), attachment_changes=change)
    view = kwip.services.posts.edit(alice, post.id, edit)

    assert [each.id for each in view.post.media] == [blue.id, red.id]
    assert (view.post.media[1].description, view.post.media[1].focus_y) == ("Red.", -1)
    assert kwip.services.attachments.get(alice, red.id).attachment == view.post.media[1]
    assert files() == (4, 0)


def test_an_edit_that_says_nothing_of_files_keeps_them(kwip, alice, upload):
    post = publish(kwip, alice, upload(alice), text="One")

    view = kwip.services.posts.edit(alice, post.id, Edit(text="Two"))

    assert view.post.media == post.media


def test_without_text_the_last_file_cannot_be_removed(kwip, alice, upload, files):
    post = publish(kwip, alice, upload(alice))

    with pytest.raises(InvalidError):
        kwip.services.posts.edit(alice, post.id, Edit(text="", attachment_ids=()))
    assert files() == (2, 0)


def test_what_an_edit_removed_is_gone_even_if_the_process_dies_before(
    kwip, alice, upload, files, rings, monkeypatch
):
    post = publish(kwip, alice, upload(alice), text="One")
    with monkeypatch.context() as dying:
        dying.setattr(type(kwip.services.attachments), "settle", lambda *_: False)
        kwip.services.posts.edit(alice, post.id, Edit(text="One", attachment_ids=()))
    assert files() == (2, 0)

    kwip.sweeper.sweep()
    rings.run()

    assert files() == (0, 0)
    assert kwip.store.database["attachments"].count_documents({}) == 0


def test_an_upload_that_no_post_took_goes_after_a_day(
    kwip, alice, upload, files, rings
):
    waiting, attached = upload(alice), upload(alice, BLUE)
    publish(kwip, alice, attached)
    kwip.sweeper.sweep()
    rings.run()
    assert files() == (2, 2)
    database = kwip.store.database["attachments"]
    due_at = database.find_one({"_id": waiting.id})["due_at"]
    now = kwip.sweeper.clock()
    assert DAY_MS - 60_000 < due_at.timestamp() * 1_000 - now <= DAY_MS
    database.update_one({"_id": waiting.id}, {"$set": {"due_at": at(now - 1_000)}})

    kwip.sweeper.sweep()
    jobs = [each for each in rings.waiting if each[0] == "attachment"]
    rings.run()
    for job, job_id in jobs:  # once more
        rings.jobs[job](job_id)

    assert len(jobs) == 1
    assert files() == (2, 0)
    assert state_of(kwip, waiting) is None


def test_an_upload_in_a_post_is_changed_and_deleted_by_an_edit_only(
    kwip, alice, upload
):
    made = upload(alice)
    publish(kwip, alice, made)
    attachments = kwip.services.attachments

    with pytest.raises(NotFoundError):
        attachments.change(alice, made.id, AttachmentChange(description="x"))
    with pytest.raises(ConflictError):
        attachments.delete(alice, made.id)
    assert attachments.get(alice, made.id).state is UploadState.READY


def test_an_upload_is_its_owners_business(kwip, alice, bob, upload):
    made, attachments = upload(alice), kwip.services.attachments

    for act in (
        lambda: attachments.get(bob, made.id),
        lambda: attachments.change(bob, made.id, AttachmentChange(description="x")),
        lambda: attachments.delete(bob, made.id),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert attachments.get(alice, made.id).attachment.description == ""


def test_beyond_the_quota_nothing_is_stored(kwip, alice, upload, files, monkeypatch):
    used = upload(alice).size_bytes
    monkeypatch.setattr(
        type(kwip.services.attachments), "quota_bytes", 2 * used - 1, raising=False
    )
    assert kwip.services.attachments.used_bytes(alice) == used

    with pytest.raises(InvalidError) as refused:
        upload(alice, BLUE)

    assert "You have used" in refused.value.fields["file"]
    assert files() == (0, 2)


def test_a_description_has_up_to_1500_characters(alice, upload):
    assert upload(alice, description="x" * 1_500).attachment.description == "x" * 1_500
    with pytest.raises(InvalidError) as refused:
        upload(alice, description="x" * 1_501)
    assert list(refused.value.fields) == ["description"]
