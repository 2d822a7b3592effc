"""Saved drafts: continued anywhere, never lost between windows, with their files."""

from __future__ import annotations

import pytest

from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.media.attachments import UNATTACHED_LIFETIME, AttachmentChange
from kwip.domain.posting import drafts as limits
from kwip.domain.posting.drafts import Continued
from kwip.domain.posting.polls import NewPoll
from kwip.domain.posting.posts import Draft
from kwip.services.posting import drafts as service
from tests.pictures import plain, sent


def texts(kwip, viewer):
    return [each.content.text for each in kwip.services.drafts.overview(viewer)]


def test_a_draft_is_saved_as_it_is_and_continued(kwip, alice, bob):
    poll = NewPoll(titles=("a", "b"), duration_s=300, is_multiple=True)
    content = Draft(text="Half a", warning="w", poll=poll, to=("bob",))
    saved = kwip.services.drafts.save(alice, content).draft
    found = kwip.services.drafts.get(alice, saved.id)

    assert found.content == content
    continued = Continued(found.id, found.version)
    kwip.services.drafts.save(alice, Draft(text="Half a thought"), continued)
    assert texts(kwip, alice) == ["Half a thought"]
    with pytest.raises(NotFoundError):
        kwip.services.drafts.get(bob, saved.id)


def test_two_windows_that_write_on_lose_nothing(kwip, alice):
    drafts = kwip.services.drafts
    first = drafts.save(alice, Draft(text="Begun")).draft
    began = Continued(first.id, first.version)
    one = drafts.save(alice, Draft(text="Begun here"), began)
    two = drafts.save(alice, Draft(text="Begun there"), began)

    assert (one.is_copy, two.is_copy) == (False, True)
    assert texts(kwip, alice) == ["Begun there", "Begun here"]
    drafts.save(alice, Draft(text=""), began)  # an old window that was emptied
    assert len(texts(kwip, alice)) == 2
    drafts.save(alice, Draft(text=""), Continued(one.draft.id, one.draft.version))
    assert texts(kwip, alice) == ["Begun there"]


def test_drafts_that_are_too_many_are_refused(kwip, alice, monkeypatch):
    monkeypatch.setattr(service, "MAX_DRAFTS", 1)
    saved = kwip.services.drafts.save(alice, Draft(text="one")).draft
    with pytest.raises(InvalidError, match="up to"):
        kwip.services.drafts.save(alice, Draft(text="two"))
    with pytest.raises(InvalidError, match="Write something"):
        kwip.services.drafts.save(alice, Draft(text=" "))

    continued = Continued(saved.id, saved.version)
    kwip.services.drafts.save(alice, Draft(text="one more"), continued)
    assert texts(kwip, alice) == ["one more"]
    assert limits.MAX_DRAFTS == 50


def test_an_upload_stays_as_long_as_a_draft_has_it(kwip, alice):
    attachments = kwip.services.attachments
    upload = attachments.upload(alice, sent(plain()), AttachmentChange())
    content = Draft(text="", attachment_ids=(upload.id,))
    saved = kwip.services.drafts.save(alice, content).draft
    later = system_clock_ms() + 2 * UNATTACHED_LIFETIME.total_seconds() * 1_000
    object.__setattr__(attachments, "clock", lambda: int(later))

    attachments.settle(alice.id, [upload.id])
    assert upload.id in attachments.find(alice.id, [upload.id])
    kwip.services.drafts.discard(alice, saved.id)
    object.__setattr__(attachments, "clock", lambda: int(2 * later))
    attachments.settle(alice.id, [upload.id])
    assert attachments.find(alice.id, [upload.id]) == {}
