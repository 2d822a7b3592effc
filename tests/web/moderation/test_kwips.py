"""Kwips that staff find themselves, and what they do to them."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.audit_log import BY_KWIP, AuditQuery
from kwip.domain.accounts.roles import Role
from tests.wired import form_of, viewer_of

PLACE = "/admin/kwips"


@pytest.fixture
def say(wiring):
    """Return a function that lets somebody say something, and indexes it."""

    def say(person, text, **fields):
        made = person.say(text, **fields)["id"]
        if lease := wiring.services.fanout.begin(int(made)):
            wiring.services.fanout.deliver(lease)
        return made

    return say


def chosen(page):
    return [box["value"] for box in page.all("input", type="checkbox")]


def post_of(wiring, post_id):
    return wiring.stores.posts.get_many([int(post_id)])[int(post_id)]


def test_kwips_are_found_by_words_author_and_date(
    at_moderator, people, wiring, say, alice, bob
):
    one, two = say(alice, "Buy cheap tea"), say(bob, "Buy cheap cake")
    say(alice, "cheap, for followers", visibility="private")
    day = f"{post_of(wiring, one).created_at:%Y-%m-%d}"

    def found(query):
        return chosen(at_moderator.get(f"{PLACE}?{query}"))

    assert found("") == []
    assert found("q=cheap") == [two, one]
    assert found("q=cheap&author=@Alice") == found("author=alice&q=tea") == [one]
    assert found(f"q=cheap&until={day}") == []
    assert found("q=cheap&since=2020-01-01") == [two, one]
    assert found("author=alice") == [one]
    wiring.services.moderation.silence(alice.user.id)
    assert found("author=alice") == [one]


def test_what_is_chosen_is_covered_or_deleted_with_a_mail_for_each_author(
    at_moderator, wiring, say, alice, bob, at_alice
):
    one, two = say(alice, "Buy cheap tea"), say(bob, "Buy cheap cake")
    fields = {"act": "sensitive", "text": "No ads", "q": "cheap"}
    there = at_moderator.send(PLACE, **fields, **{"post_ids[]": [one, two]})
    assert there == f"{PLACE}?q=cheap"
    assert all(post_of(wiring, post).is_sensitive for post in (one, two))
    again = at_moderator.send(
        PLACE, act="delete", text="No ads", **{"post_ids[]": [one]}
    )
    assert again == PLACE
    assert post_of(wiring, one).is_tombstone
    assert not post_of(wiring, two).is_tombstone

    logged = wiring.services.audit_log.page(AuditQuery(actor="mod"))
    assert [(e.action.value, e.subject, e.reason) for e in logged[:1]] == [
        ("delete_posts", "@alice", "No ads")
    ]
    assert {(e.action.value, e.subject) for e in logged[1:]} == {
        ("mark_posts", "@alice"),
        ("mark_posts", "@bob"),
    }
    mails = wiring.store.database["mails"].find({"kind": "strike"})
    assert len(list(mails)) == 3
    assert "No ads" in at_alice.get("/settings/strikes").words


def test_nothing_happens_to_kwips_of_staff_nor_to_those_for_few(
    at_moderator, at_bob, wiring, say, alice, bob
):
    wiring.services.moderation.set_role(bob.user.id, Role.ADMINISTRATOR)
    mine, theirs = say(alice, "Tea"), say(bob, "Cake")
    private = say(alice, "For few", visibility="private")
    both = {"post_ids[]": [mine, theirs]}
    refused = at_moderator.send(PLACE, 403, act="delete", **both)
    hidden = at_moderator.send(PLACE, 422, act="delete", **{"post_ids[]": [private]})
    none = at_moderator.send(PLACE, 422, act="delete", q="Tea")

    assert "role is below yours" in refused.words
    assert "Choose at least one kwip." in hidden.words
    assert "Choose at least one kwip." in none.words
    assert not any(
        post_of(wiring, post).is_tombstone for post in (mine, theirs, private)
    )


def test_a_members_page_says_who_invited_whom(at_moderator, wiring, alice, people):
    wiring.services.site.change({"members_invite": "yes"}, BY_KWIP)
    services = wiring.services
    made = services.invitations.create(viewer_of(alice.user), max_uses=5, days=7)
    carol = services.users.prepare(form_of("carol"))
    services.users.create(carol, services.invitations.using(made.code))
    hers = at_moderator.get("/admin/members/alice").words
    guests = at_moderator.get("/admin/members/carol").words

    assert "Invitations created1" in hers
    assert "People they invited@carol" in hers
    assert "Invited by@alice" in guests
