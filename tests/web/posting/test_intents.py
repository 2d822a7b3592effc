"""What links on other sites lead to: sharing, following, and the code of a kwip."""

from __future__ import annotations

from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

from tests.people import PASSWORD

TEXT = "50% off & more <b>\"'</b>\nsecond line +1"
URL = "https://example.org/a?b=c&d=ü"
SHARED = f"/share?text={quote(TEXT)}&url={quote(URL)}"


def test_a_shared_text_survives_the_log_in(app, alice):
    browser = app.test_client()
    sent = browser.get(SHARED)
    back = parse_qs(urlsplit(sent.headers["Location"]).query)["next"][0]
    login = browser.get(sent.headers["Location"], headers={"Accept-Encoding": "gzip"})

    assert sent.status_code == 303
    assert sent.headers["Location"].startswith("/login?")
    assert "Content-Encoding" not in login.headers
    token = login.text.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"login": "alice", "password": PASSWORD, "next": back}
    answer = browser.post("/login", data=fields | {"csrf_token": token})
    page = browser.get(answer.headers["Location"])
    written = (
        page.text.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0]
    )
    assert unescape(written).strip() == f"{TEXT}\n\n{URL}"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert alice.get("/api/v1/timelines/home").json == []


def test_a_shared_reply_has_its_parent(at_alice, bob):
    said = bob.say("what do you think?")["id"]
    page = at_alice.get(f"/share?in_reply_to={said}&text=yes").html

    assert f'name="in_reply_to_id" value="{said}"' in page
    assert "\nyes</textarea>" in page
    hidden = bob.say("secret", visibility="direct")["id"]
    at_alice.get(f"/share?in_reply_to={hidden}", 404)
    at_alice.get("/share?in_reply_to=x", 400)
    assert "javascript:" not in at_alice.get("/share?url=javascript:x").html


def test_a_follow_link_asks_first(app, at_alice, alice, bob):
    page = at_alice.get("/follow?name=@Bob").html
    followed = f"/api/v1/accounts/relationships?id={bob.id}"

    assert 'action="/@bob/follow"' in page
    assert not alice.get(followed).json[0]["following"]
    at_alice.send("/@bob/follow", next="/@bob")
    assert "re following @bob" in at_alice.get("/follow?name=bob").html
    at_alice.get("/follow?name=nobody", 404)
    sent = app.test_client().get("/follow?name=bob")
    assert sent.headers["Location"] == "/login?next=/follow?name%3Dbob"


def test_the_menu_leads_to_the_code_of_a_kwip_that_may_be_embedded(
    client, alice, settings
):
    said = alice.say("hello")["id"]
    hidden = alice.say("for followers", visibility="private")["id"]

    assert f'href="/@alice/{said}/embed"' in client.get("/@alice").text
    page = client.get(f"/@alice/{said}/embed").text
    code = unescape(
        page.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0]
    )
    assert code.startswith(f'<blockquote class="kwip-embed" data-kwip="post/{said}"')
    assert f'src="{settings.origin}/widgets/v1/embed.js"' in code
    assert client.get(f"/@bob/{said}/embed").status_code == 404
    assert client.get(f"/@alice/{hidden}/embed").status_code == 404
