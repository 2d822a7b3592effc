from __future__ import annotations

import pytest

from kwip.domain.errors import StoreUnavailableError
from kwip.jobs.registry import jobs


def key_of(page):
    return page.value("key")


def fail_to_create(monkeypatch, wiring, error):
    def create(*_):
        raise error

    monkeypatch.setattr(type(wiring.services.posts), "create", create)


def test_a_kwip_is_in_ones_home_at_once(at_alice):
    assert at_alice.write("Hello there") == "/home"

    page = at_alice.get("/home")
    assert page.said == "Posted."
    assert page.texts == ["Hello there"]


def test_a_form_that_is_sent_twice_makes_one_kwip(at_alice):
    key = key_of(at_alice.get("/home"))

    for _ in range(2):
        where = at_alice.send("/compose", text="Once", key=key, visibility="public")
        assert where == "/home"

    assert at_alice.get("/home").texts == ["Once"]


def test_a_key_in_the_header_must_be_that_of_the_form(at_alice):
    sent = {"text": "Once", "key": at_alice.get("/compose").value("key")}

    refused = at_alice.post("/compose", headers={"Idempotency-Key": "other"}, **sent)
    taken = at_alice.post("/compose", headers={"Idempotency-Key": sent["key"]}, **sent)

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert "two different idempotency keys" in refused.text


def test_another_text_from_the_same_form_is_kept_for_a_new_one(at_alice):
    key = key_of(at_alice.get("/home"))
    at_alice.send("/compose", text="One", key=key, visibility="public")

    page = at_alice.send("/compose", 422, text="Two", key=key, visibility="public")

    assert page.value("text") == "Two"
    assert key_of(page) != key
    assert "already sent" in page.with_class("problem")[0].words
    at_alice.send("/compose", text="Two", key=key_of(page), visibility="public")
    assert at_alice.get("/home").texts == ["Two", "One"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 501, "Use up to 500 characters. This has 1 too many."),
        ("  \n ", "Write something first."),
        ("", "Write something first."),
    ],
)
def test_a_text_that_cannot_be_posted_is_kept(at_alice, text, said):
    key = key_of(at_alice.get("/home"))

    page = at_alice.send("/compose", 422, text=text, key=key, visibility="followers")

    assert page.wrong("text") == said
    assert page.value("text").strip() == text.strip()
    assert page.value("visibility") == "followers"
    assert key_of(page) == key
    assert not at_alice.get("/home").texts


def test_a_text_is_kept_with_its_line_breaks(at_alice):
    key = key_of(at_alice.get("/home"))
    text = "\n\nfirst\n\n" + "x" * 500

    page = at_alice.send("/compose", 422, text=text, key=key, visibility="public")

    assert page.value("text") == text


def test_the_limit_is_told_by_the_server(at_alice):
    (text,) = at_alice.get("/home").all("textarea")

    assert text["data-limit"] == "500"


def test_who_may_see_it_is_shown_by_a_mark(at_alice, at_bob):
    at_alice.write("Secret", visibility="direct")

    page = at_alice.get("/@alice")
    assert "Mentioned people only" in page.words
    assert not at_bob.get("/@alice").texts


@pytest.mark.parametrize(
    ("parent", "choices"),
    [
        ("public", ["public", "unlisted", "followers", "direct"]),
        ("followers", ["followers", "direct"]),
        ("direct", ["direct"]),
    ],
)
def test_a_reply_may_go_to_nobody_else_than_what_it_answers(
    at_alice, alice, parent, choices
):
    api = {"followers": "private"}
    post = alice.say("Parent", visibility=api.get(parent, parent))

    page = at_alice.get(f"/@alice/{post['id']}")

    readers = page.one("select", name="visibility")
    offered = [o["value"] for o in page.all("option") if readers in o.inside]
    assert offered == choices
    assert page.value("visibility") == parent


def test_a_reply_can_address_everyone_in_the_conversation(at_bob, alice, people):
    people("carol")
    post = alice.say("Tell @carol and @bob and @carol and @nobody")

    page = at_bob.get(f"/@alice/{post['id']}")

    boxes = page.all("input", name="to[]")
    assert [box["value"] for box in boxes] == ["alice", "carol"]
    assert all("checked" in box.attributes for box in boxes)
    assert page.value("text") == ""


def reply_to(visitor, post, **fields):
    """Reply through the page, and give the address of the kwip alone."""
    page = visitor.get(f"/@{post['account']['username']}/{post['id']}/reply")
    sent = {"key": page.value("key"), "in_reply_to_id": post["id"]} | fields
    visitor.send("/compose", **sent)


def mentions_of(person):
    """Return the kwips that a person was notified of, newest first."""
    notices = person.get("/api/v1/notifications").json
    return [n["status"]["content"] for n in notices if n["type"] == "mention"]


@pytest.fixture
def deliver(wiring):
    """Return a function that does what the worker does for a post."""
    return jobs(wiring.services)["fanout"]


def test_whom_a_reply_addresses_is_notified_without_being_named(
    at_bob, alice, people, deliver
):
    carol = people("carol")
    post = alice.say("Tell @carol")

    reply_to(at_bob, post, **{"text": "Sure.", "to[]": ["alice", "carol"]})

    [reply] = alice.get(f"/api/v1/statuses/{post['id']}/context").json["descendants"]
    deliver(reply["id"])
    assert {m["username"] for m in reply["mentions"]} == {"alice", "carol"}
    assert reply["content"] == "<p>Sure.</p>"
    assert mentions_of(alice) == mentions_of(carol)[:1] == ["<p>Sure.</p>"]
    page = at_bob.get("/@bob/with-replies")
    assert "Replying to @alice, @carol" in page.words


def test_a_direct_reply_is_for_those_it_addresses(at_bob, alice, people):
    carol = people("carol")
    post = alice.say("Tell @carol")

    fields = {"text": "Only you.", "visibility": "direct", "to[]": ["alice"]}
    reply_to(at_bob, post, **fields)

    context = f"/api/v1/statuses/{post['id']}/context"
    [reply] = alice.get(context).json["descendants"]
    assert reply["content"] == "<p>Only you.</p>"
    assert carol.get(context).json["descendants"] == []


def test_a_reply_addresses_nobody_outside_of_its_conversation(at_bob, alice, people):
    people("dora")
    post = alice.say("Hello")

    reply_to(at_bob, post, **{"text": "Hi.", "to[]": ["dora", "bob", "$x", "alice"]})

    [reply] = alice.get(f"/api/v1/statuses/{post['id']}/context").json["descendants"]
    assert [m["username"] for m in reply["mentions"]] == ["alice"]


def test_an_edit_keeps_whom_a_reply_addresses(at_bob, alice):
    post = alice.say("Hello")
    reply_to(at_bob, post, **{"text": "Hi.", "to[]": "alice"})
    context = f"/api/v1/statuses/{post['id']}/context"
    [reply] = alice.get(context).json["descendants"]

    at_bob.send(f"/@bob/{reply['id']}/edit", text="Hi, @alice.", warning="")

    [reply] = alice.get(context).json["descendants"]
    assert [m["username"] for m in reply["mentions"]] == ["alice"]
    at_bob.send(f"/@bob/{reply['id']}/edit", text="Hi again.", warning="")
    [reply] = alice.get(context).json["descendants"]
    assert [m["username"] for m in reply["mentions"]] == []


def test_a_reply_leads_back_to_its_thread(at_bob, alice):
    post = alice.say("Question?")
    place = f"/@alice/{post['id']}"
    sheet = at_bob.get(place)

    where = at_bob.send(
        "/compose",
        text="Answer!",
        key=key_of(sheet),
        visibility="public",
        in_reply_to_id=sheet.value("in_reply_to_id"),
    )

    assert where.startswith(f"{place}?reply=")
    page = at_bob.get(where.partition("#")[0])
    assert page.said == "Reply sent."
    assert page.texts == ["Question?", "Answer!"]
    assert [e for e in page.elements if e.get("id") == where.partition("#")[2]]


def test_a_reply_to_what_is_deleted_meanwhile_is_kept(at_bob, at_alice, alice):
    post = alice.say("Going, going")
    key = key_of(at_bob.get(f"/@alice/{post['id']}"))
    at_alice.send(f"/@alice/{post['id']}/delete")

    page = at_bob.send(
        "/compose",
        410,
        text="Too late?",
        key=key,
        visibility="public",
        in_reply_to_id=post["id"],
    )

    assert page.value("text") == "Too late?"
    assert "deleted" in page.with_class("problem")[0].words
    assert not page.all("input", name="in_reply_to_id")


def test_when_the_store_is_away_the_text_and_its_key_stay(
    monkeypatch, wiring, at_alice
):
    key = key_of(at_alice.get("/home"))
    with monkeypatch.context() as broken:
        fail_to_create(broken, wiring, StoreUnavailableError(retry_after_s=2))
        page = at_alice.send("/compose", 503, text="Dear\ndiary", key=key)
    (form,) = [f for f in page.all("form") if f["action"] == "/compose"]
    fields = {e["name"] for e in page.elements if e.get("name") and form in e.inside}

    assert page.value("text") == "Dear\ndiary"
    assert page.value("key") == key
    assert "Send again" in page.words
    assert fields == {"csrf_token", "key", "text"}
    token = page.value("csrf_token")
    at_alice.send("/compose", text="Dear diary", key=key, csrf_token=token)
    assert at_alice.get("/home").texts == ["Dear diary"]


def test_what_a_strange_form_says_can_be_copied_but_not_sent(at_alice):
    page = at_alice.send("/compose", 403, csrf_token="x", text="Not mine", key="k")

    assert page.value("text") == "Not mine"
    assert not page.all("button")


def test_who_is_logged_out_meanwhile_still_has_the_text(anybody):
    page = anybody.send("/compose", 401, text="Long thoughts", key="k")

    assert page.value("text") == "Long thoughts"
    assert page.all("a", href="/login")


def test_an_edit_is_shown_with_its_history(at_alice, at_bob, alice):
    place = f"/@alice/{alice.say('Frist')['id']}"
    assert at_alice.get(f"{place}/edit").value("text") == "Frist"

    assert at_alice.send(f"{place}/edit", text="First") == place
    assert at_alice.send(f"{place}/edit", text="First!") == place

    page = at_bob.get(place)
    assert page.texts == ["First!"]
    assert len(page.all("a", href=f"{place}/history")) == 1
    assert at_bob.get(f"{place}/history").texts == ["First!", "First", "Frist"]


def test_an_edit_that_cannot_be_saved_is_kept(at_alice, alice):
    place = f"/@alice/{alice.say('Short')['id']}/edit"

    page = at_alice.send(place, 422, text="x" * 501)

    assert page.wrong("text") == "Use up to 500 characters. This has 1 too many."
    assert page.value("text") == "x" * 501


def test_a_kwip_is_deleted_after_one_more_question(at_alice, anybody, alice):
    place = f"/@alice/{alice.say('Oops')['id']}"
    asked = at_alice.get(f"{place}/delete")
    assert asked.texts == ["Oops"]
    assert at_alice.get(place).texts == ["Oops"]

    assert at_alice.send(f"{place}/delete") == "/home"

    assert at_alice.get("/home").said == "Kwip deleted."
    gone = anybody.get(place, 410)
    assert "Oops" not in gone.html
    assert anybody.get("/").texts == []


def test_nobody_else_can_change_a_kwip(at_bob, alice):
    post = alice.say("Mine")["id"]
    for name in ("alice", "bob"):
        refused = {
            "edit": at_bob.get(f"/@{name}/{post}/edit", 403),
            "delete": at_bob.get(f"/@{name}/{post}/delete", 403),
        }
        for act, page in refused.items():
            assert f"Only the author can {act} this kwip." in page.words
        at_bob.send(f"/@{name}/{post}/edit", 403, text="Yours")
        page = at_bob.send(f"/@{name}/{post}/delete", 403)
        assert "change" not in page.words

    assert at_bob.get("/@alice").texts == ["Mine"]


def test_buttons_to_change_a_kwip_are_its_authors_only(at_alice, at_bob, alice):
    place = f"/@alice/{alice.say('Mine')['id']}"

    for page in (at_alice.get("/"), at_alice.get(place)):
        assert page.all("a", href=f"{place}/edit")
        assert page.all("a", href=f"{place}/delete")
    for page in (at_bob.get("/"), at_bob.get(place)):
        assert not page.all("a", href=f"{place}/edit")
        assert page.all("button", formaction="/@alice/mute")


def test_a_kwip_at_anothers_address_leads_to_its_own(anybody, alice, bob):
    post = alice.say("Here")["id"]

    assert anybody.send_away(f"/@bob/{post}") == f"/@alice/{post}"
    anybody.get(f"/@bob/{post}/history", 404)


def test_a_script_is_told_where_the_written_kwip_is_and_gets_it_alone(at_alice, bob):
    said = bob.say("Is it far?")
    asks = {"Accept": "application/json"}
    fields = {"csrf_token": at_alice.token, "text": "No.", "key": "1"}

    answer = at_alice._browser.post(
        "/compose", data=fields | {"in_reply_to_id": said["id"]}, headers=asks
    )

    alone = at_alice.get(answer.json["article"])
    assert alone.texts == ["No."]
    assert len(alone.all("article")) == 1
    assert not alone.all("html")


def test_the_form_to_reply_is_there_alone(at_alice, bob):
    said = bob.say("Is it far?")

    alone = at_alice.get(f"/@bob/{said['id']}/reply")

    assert alone.value("in_reply_to_id") == said["id"]
    assert alone.value("csrf_token")
    assert not alone.all("html")
    at_alice.get(f"/@alice/{said['id']}/reply", 404)
