"""A forgotten password: from the login page to a new one."""

from __future__ import annotations

import re

import structlog

from tests.people import PASSWORD


def test_a_forgotten_password_is_replaced_by_a_link_in_a_mail(
    anybody, at_alice, wiring, settings, mongodb
):
    login = anybody.take_token("/login").get("/login")
    path = login.one("a", href="/password/forgot")["href"]
    page = anybody.send(path, 422, email="nope")
    assert page.wrong("email") == "Enter an email address, such as name@example.org."

    assert anybody.send(path, email="Alice@Example.org") == "/password/sent"
    assert "we've sent it a link" in anybody.get("/password/sent").words
    [mail] = mongodb["mails"].find()
    assert wiring.services.mails.send(mail["_id"]) == "done"
    [file] = (settings.home / "mail").glob("*.eml")
    found = re.search(r"/password/reset\?link=3D([0-9a-f=\r\n]+)", file.read_text())
    link = re.sub(r"=\r?\n", "", found[1]).strip()
    with structlog.testing.capture_logs() as lines:
        answer = anybody._browser.get(f"/password/reset?link={link}")
        page = anybody.send("/password/reset", 422, link=link, new_password="short")
        new = {"link": page.value("link"), "new_password": "a new password"}
        assert anybody.send("/password/reset", **new) == "/login"
        anybody.send("/password/reset", 404, **new)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert lines
    assert link not in str(lines)
    assert at_alice.send_away("/home").startswith("/login")
    anybody.send("/login", 401, login="alice", password=PASSWORD)
    assert anybody.send("/login", login="alice", password="a new password") == "/home"
