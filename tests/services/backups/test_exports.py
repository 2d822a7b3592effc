"""Archives that users ask for, from the request to the deletion of the file."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest

from kwip.cli.media import audit_of
from kwip.domain.accounts.transfers import ARCHIVES
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import ConflictError, NotFoundError
from kwip.domain.media.attachments import AttachmentChange
from kwip.domain.moderation.guest_replies import GuestReply, GuestReplyState
from kwip.domain.posting.posts import Draft, Edit
from kwip.domain.social.keyword_filters import (
    FilterChange,
    FilterContext,
    KeywordChange,
)
from kwip.services.backups.transferring import LEASE
from tests.pictures import plain, sent
from tests.wired import Silence


@pytest.fixture
def exports(kwip):
    return kwip.services.exports


def later(kwip, **span):
    """Let everything have happened so much earlier, and sweep."""
    past = timedelta(**span)
    fields = ("requested_at", "ended_at", "due_at", "leased_until")
    exports = kwip.store.database["exports"]
    for found in exports.find():
        moved = {name: found[name] - past for name in fields if found[name]}
        exports.update_one({"_id": found["_id"]}, {"$set": moved})
    kwip.sweeper.sweep()


def unposted(services, viewer, post):
    """Let somebody have a draft, a feed, and replies of guests: one is shown."""
    store = services.guest_replies.store
    for number, state in enumerate(("shown", "waiting"), 1):
        reply = GuestReply(
            id=number,
            post_id=post.id,
            author_id=viewer.id,
            name="Gus",
            text="Rye!",
            sender="",
            created_at=post.created_at,
            state=GuestReplyState(state),
        )
        store.add(reply, post.created_at + timedelta(days=1), lambda _: None, most=9)
    services.drafts.save(viewer, Draft(text="Half a loaf"))
    services.blogs.add(viewer, "http://127.0.0.1/feed")


def unposted_in(settings):
    return settings["drafts"][0]["text"], settings["feeds"][0]["url"]


def test_an_archive_has_everything_and_can_be_read_without_kwip(
    kwip, exports, alice, bob, rings, tmp_path
):
    services = kwip.services
    picture = services.attachments.upload(alice, sent(plain()), AttachmentChange())
    draft = Draft(text="Rye & <b>", attachment_ids=(picture.id,))
    post = services.posts.publish(alice.id, draft)
    services.posts.edit(alice, post.id, Edit(text="Rye & <i>spelt</i>"))
    services.relationships.follow(bob, alice.id)
    change = FilterChange(
        title="Crumbs",
        contexts=(FilterContext.HOME,),
        keywords=(KeywordChange(text="crumbs"),),
    )
    services.filters.create(alice, change)
    unposted(services, alice, post)
    rings.run()

    exports.request(alice)
    rings.run()

    with exports.open(alice).content as file, zipfile.ZipFile(file) as archive:
        page = archive.read("kwips-0001.html").decode()
        assert "Rye &amp; &lt;i&gt;spelt&lt;/i&gt;" in page
        assert f'src="media/{picture.id}-large.webp"' in page
        assert f"media/{picture.id}-large.webp" in archive.namelist()
        assert 'href="kwips-0001.html"' in archive.read("index.html").decode()
        [kwip_row] = map(json.loads, archive.read("kwips.jsonl").splitlines())
        assert [each["text"] for each in kwip_row["earlier"]] == ["Rye & <b>"]
        assert json.loads(archive.read("followers.jsonl")) == {"username": "bob"}
        settings = json.loads(archive.read("settings.json"))
        assert settings["email"] == "alice@example.org"
        assert settings["filters"][0]["keywords"][0]["text"] == "crumbs"
        assert unposted_in(settings) == ("Half a loaf", "http://127.0.0.1/feed")
        assert json.loads(archive.read("guest_replies.jsonl")) == {
            "kwip_id": str(post.id),
            "name": "Gus",
            "text": "Rye!",
            "created_at": post.created_at.isoformat(),
        }
    mails = kwip.store.database["mails"].find()
    assert [(m["kind"], m["user_id"]) for m in mails] == [("export_ready", alice.id)]
    with pytest.raises(NotFoundError):
        exports.open(bob)


def test_there_is_one_archive_in_a_week_and_its_file_goes_with_it(
    kwip, exports, alice, rings
):
    exports.request(alice)
    with pytest.raises(ConflictError):
        exports.request(alice)
    rings.run()
    path = exports.find(alice).path
    with pytest.raises(ConflictError):
        exports.request(alice)

    later(kwip, days=7)
    with pytest.raises(NotFoundError):
        exports.open(alice)
    rings.run()

    assert not exports.writer.media.has(path)
    assert exports.find(alice).state == "expired"
    exports.request(alice)


def test_another_worker_makes_the_archive_if_one_dies(
    kwip, exports, alice, rings, monkeypatch
):
    exports.request(alice)
    with monkeypatch.context() as killed:
        killed.setattr(type(exports.writer.media), "save", None)
        with pytest.raises(TypeError):
            exports.settle(alice.id)
    rings.waiting.clear()
    assert exports.settle(alice.id) == "nothing"  # the lease lasts

    later(kwip, seconds=LEASE.total_seconds())
    rings.run()

    assert exports.find(alice).state == "done"
    exports.open(alice).content.close()
    assert kwip.store.database["mails"].count_documents({}) == 1
    assert exports.settle(alice.id) == "nothing"


def test_a_deleted_user_leaves_no_archive(kwip, exports, alice, rings):
    exports.request(alice)
    rings.run()
    path = exports.find(alice).path

    kwip.services.deletion.run(alice.id, Silence())

    assert not exports.writer.media.has(path)
    assert kwip.store.database["exports"].count_documents({}) == 0


def test_a_lost_archive_is_an_orphan_and_others_are_not(kwip, exports, alice, rings):
    media = exports.writer.media
    media.save(f"{ARCHIVES}/{'0' * 32}.zip", io.BytesIO(b"lost"))
    exports.request(alice)
    rings.run()
    in_an_hour = system_clock_ms() + 3_700_000

    found = replace(audit_of(kwip), clock=lambda: in_an_hour).inventory()

    assert found.files["archive"] == 2
    assert [each.size for each in found.orphans] == [4]
