"""Every mail as Chromium shows it: sound, narrow or wide, light or dark."""

from __future__ import annotations

import email.policy
from email import message_from_bytes

import pytest

from kwip.domain.accounts.two_factor import Proof
from kwip.domain.clock import at
from kwip.domain.mail.mails import MailKind
from kwip.domain.mail.preferences import MailPreferences
from kwip.domain.timelines.notifications import EVERY_KIND
from tests.browser.conftest import DESKTOP, NARROW
from tests.browser.test_soundness import AXE, RUN_AXE, overflow_of
from tests.mail_server import parts_of
from tests.people import PASSWORD
from tests.wired import viewer_of

#: A decision of moderators.
STRUCK = {"strike_id": "1", "act": "delete"}


@pytest.fixture
def mails(site, alice, bob, tmp_path):
    """Return a mail of every kind, by its subject."""
    services, viewer = site.wiring.services, viewer_of(alice.user)
    services.email_address.confirm_by_operator(viewer.id)
    services.notification_mail.choose(viewer, MailPreferences(kinds=EVERY_KIND))
    first = alice.say("hello")["id"]
    bob.say("@alice <b>lunch</b>? " + "mm" * 90, in_reply_to_id=first)
    bob.post(f"/api/v1/statuses/{first}/favourite")
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    past = {"$set": {"due_at": at(site.wiring.sweeper.clock() - 1)}}
    site.wiring.store.database["mail_preferences"].update_many({}, past)
    site.wiring.sweeper.sweep()
    services.account.change_password(viewer, PASSWORD, "a new password")
    services.email_address.change(
        viewer, Proof(password="a new password"), "new@example.org"
    )
    services.password_reset.request("alice@example.org", None)
    draft = services.mails.draft
    for kind, details in (
        (MailKind.EMAIL_CHANGED, {"new": "new@example.org"}),
        (MailKind.NEW_LOGIN, {"agent": "Firefox on Linux", "address": "192.0.2.1"}),
        (MailKind.TWO_FACTOR, {"event": "turned_on"}),
        (MailKind.ACCOUNT_APPROVED, {}),
        (MailKind.ACCOUNT_REJECTED, {"username": "dave", "answer": "<b>Sorry</b>"}),
        (MailKind.WAITING_LIST, {}),
        (MailKind.INVITATION, {"code": "mVJsmOlC0xVY"}),
        (MailKind.GUEST_REPLY, {"author": "alice", "reply_id": "1"}),
        (MailKind.STRIKE, STRUCK | {"text": "<b>Stop</b>", "posts": "2"}),
        (MailKind.STRIKE_LIFTED, STRUCK),
        (MailKind.APPEAL_REJECTED, STRUCK | {"appeal": "yes", "text": "No."}),
        (MailKind.NEW_REPORT, {"target": "bob", "text": "Spam", "report_id": "1"}),
        (MailKind.NEW_APPEAL, {"target": "bob"}),
        (MailKind.NEW_APPLICATION, {"username": "dave"}),
        (MailKind.EXPORT_READY, {}),
        (MailKind.ACCOUNT_CLOSED, {"delete_at": "2026-12-08T10:15:03+00:00"}),
        (MailKind.CLOSURE_REMINDER, {"delete_at": "2026-12-08T10:15:03+00:00"}),
    ):
        services.mails.post(draft(kind, viewer.id, "alice@example.org", details))
    services.mails.test("root@example.org")
    files = (tmp_path / "home/mail").glob("*.eml")
    policy = email.policy.default
    found = [message_from_bytes(file.read_bytes(), policy=policy) for file in files]
    return {message["Subject"]: message for message in found}


def test_every_mail_is_sound_and_its_link_works(open_browser, mails):
    assert len(mails) == len(MailKind)
    page = open_browser(scripts=True)
    faults = {}
    for subject, message in mails.items():
        found = []
        page.set_content(parts_of(message)[1])
        page.evaluate(AXE)
        for size, theme in ((DESKTOP, "light"), (NARROW, "dark")):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=theme)
            found += page.evaluate(RUN_AXE)
            found += ["too wide"] if overflow_of(page) else []
        faults |= {subject: found} if found else {}

    assert faults == {}
    page.set_content(parts_of(mails["Reset your password"])[1])
    page.get_by_role("link", name="Choose a new password").click()
    page.get_by_label("New password").fill("yet another password")
    page.get_by_role("button", name="Change password").click()
    page.wait_for_url("**/login")
