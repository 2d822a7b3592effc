"""Joining through the pages: by invitation, after approval, from the waiting list."""

from __future__ import annotations

import re

import pytest

from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.mail.mails import MailKind
from tests.people import PASSWORD
from tests.web.pages import Visitor, check


@pytest.fixture
def mode(wiring, at_admin):
    """Return a function that changes who may sign up."""

    def change(sign_up, **others):
        wiring.services.site.change({"sign_up": sign_up, **others}, BY_KWIP)

    return change


def newcomer(app):
    return Visitor(app.test_client()).take_token("/login")


def filled(name, **others):
    fields = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    return fields | others


def mail_to(wiring, kind):
    mails = wiring.services.mails
    [found] = wiring.store.database["mails"].find({"kind": kind})
    return mails, mails.store.find(found["_id"])


def test_a_member_invites_somebody_and_staff_sees_who(
    app, at_admin, browser_of, bob, mode, settings
):
    mode("invitation", members_invite="yes")
    at_bob = browser_of(bob)
    closed = newcomer(app).get("/signup")
    wrong = at_bob.send("/settings/invitations", 422, max_uses="999", days="")
    at_bob.send("/settings/invitations", max_uses="1", days="7")
    own = at_bob.get("/settings/invitations")
    [path] = re.findall(r"/invite/[\w-]+", own.one("code").words)
    visitor = newcomer(app)
    form = visitor.get(path)
    sent = {"invite": form.value("invite")}
    joined = visitor.send("/signup", **filled("dave", **sent))
    late = newcomer(app).get(path, 400)
    listed = at_admin.get("/admin/invitations")
    staff_own = at_admin.get("/settings/invitations")

    for page in (closed, own, form, late, listed, wrong):
        check(page, settings.origin)
    assert "need an invitation" in closed.words
    assert "from 1 to 25" in wrong.wrong("max_uses")
    assert "@bob invites you" in form.words
    assert joined == "/welcome"
    assert "doesn't work" in late.words
    assert listed.all("a", href="/@bob")
    assert listed.all("a", href="/@dave")
    assert "used 1 of 1 time Joined" in listed.words
    assert staff_own.all("a", href="/admin/invitations")
    assert not own.all("a", href="/admin/invitations")


def test_staff_answers_somebody_who_asks_to_join(app, at_admin, mode, settings):
    mode("approval")
    visitor = newcomer(app)
    form = visitor.get("/signup")
    lacking = visitor.send("/signup", 422, **filled("dave"))
    asked = visitor.get(visitor.send("/signup", **filled("dave", reason="I bake.")))
    sign_in = {"login": "dave", "password": PASSWORD}
    waits = visitor.send("/login", 401, **sign_in)
    queue = at_admin.get("/admin/applications")
    answer = {"user": queue.value("user"), "act": "approve", "answer": ""}
    approved = at_admin.get(at_admin.send("/admin/applications", **answer))
    again = at_admin.get(at_admin.send("/admin/applications", **answer))

    for page in (form, lacking, queue):
        check(page, settings.origin)
    assert "Say why" in lacking.wrong("reason")
    assert "We'll email you" in asked.said
    assert "waiting for approval" in waits.words
    assert "I bake." in queue.words
    assert "dave@example.org" in queue.words
    assert approved.said == "@dave can log in now."
    assert "already answered" in again.said
    assert visitor.send("/login", **sign_in) == "/welcome"


def test_somebody_waits_until_staff_invites_them(app, at_admin, mode, wiring, settings):
    mode("closed")
    visitor = newcomer(app)
    front = [visitor.get("/"), visitor.get("/login")]
    form = visitor.get("/signup")
    wrong = visitor.send("/signup/wait", 422, email="nobody")
    visitor.send("/signup/wait", email="dave@example.org")
    mails, mail = mail_to(wiring, MailKind.WAITING_LIST)
    link = mails.link_of(mail)
    asked = visitor.get(f"/waiting-list?link={link}")
    visitor.send("/waiting-list", link=link)
    listed = at_admin.get("/admin/waiting-list")
    at_admin.send("/admin/waiting-list", key=listed.value("key"))
    _, invitation = mail_to(wiring, MailKind.INVITATION)
    code = invitation.details["code"]
    joined = visitor.send("/signup", **filled("dave", invite=code))

    for page in (form, wrong, asked, listed):
        check(page, settings.origin)
    assert all(page.all("a", href="/signup") for page in front)
    assert all("sign up" not in page.words for page in front)
    assert "Enter an email address" in wrong.wrong("email")
    assert "dave@example.org" in listed.words
    assert "Nobody is waiting" in at_admin.get("/admin/waiting-list").words
    assert joined == "/welcome"
