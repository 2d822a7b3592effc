"""A visitor replies without an account, and the author of the kwip decides."""

from __future__ import annotations

import datetime as dt

from kwip.domain.accounts.audit_log import BY_KWIP, Action, AuditQuery
from kwip.domain.accounts.roles import Role
from kwip.domain.moderation.guest_replies import GuestReply, GuestReplyState


def test_a_visitor_replies_and_the_author_decides(anybody, at_alice, alice, wiring):
    path = f"/@alice/{alice.say('Rye or spelt?')['id']}"
    assert "guests" not in at_alice.get("/settings/privacy").words
    wiring.services.site.change({"guest_replies": "yes"}, BY_KWIP)
    fields = {"accepts_guests": "1", "is_embeddable": "1"}
    at_alice.send("/settings/privacy", **fields)
    assert anybody.get(path).all("a", href=f"{path}/guests")
    anybody.take_token(f"{path}/guests")

    wrong = anybody.send(f"{path}/guests", 422, name="Carla", email="x", text="Rye")
    assert "Enter an email address" in wrong.words
    new = {"name": "Carla", "email": "carla@example.org", "text": "Rye, <b>always</b>"}
    assert anybody.send(f"{path}/guests", **new) == path
    assert "We've sent you a link" in anybody.get(path).said
    mails = wiring.services.mails
    mail = wiring.store.database["mails"].find_one({"kind": "guest_reply"})
    link = mails.link_of(mails.store.find(mail["_id"]))
    page = anybody.get(f"/guest-reply?link={link}")
    assert "Rye, <b>always</b>" in page.words
    anybody.send("/guest-reply", link=link)
    assert anybody.get(f"/guest-reply?link={link}", 404)
    assert "Rye, <b>" not in anybody.get(f"{path}/guests").words

    assert "Someone without an account replied" in at_alice.get("/notifications").words
    page = at_alice.get("/settings/guests")
    assert "Rye, <b>always</b>" in page.words
    assert "carla@" not in page.words
    acts = [button.get("formaction", "") for button in page.all("button")]
    at_alice.send(next(act for act in acts if act.endswith("/approve")))
    page = anybody.get(f"{path}/guests")
    assert "Carla Guest" in page.words
    assert f"{path}/report?guest=" in str([a.get("href") for a in page.all("a")])


def test_a_reply_is_reported_and_a_moderator_deletes_it(at_bob, alice, bob, wiring):
    path = f"/@alice/{alice.say('Rye or spelt?')['id']}"
    post_id, other = int(path.rsplit("/", 1)[1]), alice.say("Another")["id"]
    store, now = wiring.stores.guest_replies, dt.datetime.now(dt.UTC)
    ids = {state: post_id + n for n, state in enumerate(GuestReplyState)}
    for state, reply_id in ids.items():
        reply = GuestReply(
            id=reply_id,
            post_id=post_id,
            author_id=alice.user.id,
            name="Carla",
            text=f"Buy <b>{state}</b>",
            sender="",
            created_at=now,
            state=state,
        )
        store.add(reply, now + dt.timedelta(hours=1), lambda _: None)
    shown = ids[GuestReplyState.SHOWN]

    form = at_bob.get(f"{path}/report?guest={shown}")
    assert "Reply by the guest Carla: Buy <b>shown</b>" in form.words
    for place in (
        f"{path}/report?guest={ids[GuestReplyState.WAITING]}",
        f"/@alice/{other}/report?guest={shown}",
    ):
        assert at_bob.get(place, 404)
    assert not at_bob.get(f"{path}/guests").all("button", name="guest_id")
    fields = {"guest_id": shown, "next": f"{path}/guests"}
    at_bob.send("/admin/guests/delete", 404, **fields)
    wiring.services.moderation.set_role(bob.user.id, Role.MODERATOR)
    assert at_bob.get(f"{path}/guests").all("button", name="guest_id")
    waits = {"guest_id": ids[GuestReplyState.WAITING]}
    at_bob.send("/admin/guests/delete", 404, **waits)
    assert at_bob.send("/admin/guests/delete", **fields) == f"{path}/guests"

    assert "Carla" not in at_bob.get(f"{path}/guests").words
    [entry] = wiring.services.audit_log.page(
        AuditQuery(action=Action.DELETE_GUEST_REPLY)
    )
    assert (entry.actor.name, entry.subject) == ("bob", "@alice")
    assert entry.details["post_id"] == str(post_id)
    assert store.find(waits["guest_id"]) is not None
