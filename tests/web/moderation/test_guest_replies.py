"""A visitor replies without an account, and the author of the kwip decides."""

from __future__ import annotations

import datetime as dt

from kwip.domain.accounts.audit_log import BY_KWIP, Action, AuditQuery
from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.users import ProfileChange
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


def on_other_sites(client, path):
    """Return what the widget of a thread has by guests; its feeds have the same."""
    post_id = path.rsplit("/", 1)[1]
    assert "guests" not in client.get(f"/api/widgets/v1/post/{post_id}").json
    found = client.get(f"/api/widgets/v1/thread/{post_id}").json["guests"]
    frame = client.get(f"/embed/thread/{post_id}").text
    assert frame.count("Buy &lt;b&gt;waiting") == len(found)
    items = client.get(f"{path}.json").json["items"]
    assert [item["authors"] for item in items[:-1]] == [
        [{"name": f"{each['author']['display_name']} (Guest)"}] for each in found
    ]
    for extension in ("rss", "atom"):
        feed = client.get(f"{path}.{extension}").text
        assert feed.count("Carla (Guest)") == len(found)
        assert feed.count("Buy &amp;lt;b&amp;gt;waiting") == len(found)
    return found


def add(wiring, post_id, reply_id, state):
    """Store a reply to a kwip of alice's."""
    now = dt.datetime.now(dt.UTC)
    reply = GuestReply(
        id=reply_id,
        post_id=post_id,
        author_id=wiring.stores.users.ids_of(["alice"])["alice"],
        name="Carla",
        text=f"Buy <b>{state}</b>",
        sender="",
        created_at=now,
        state=state,
    )
    until = now + dt.timedelta(hours=1)
    wiring.stores.guest_replies.add(reply, until, lambda _: None, most=9)


def test_a_reply_is_on_other_sites_from_approval_to_deletion(
    client, at_alice, alice, wiring
):
    wiring.fence.outlast_leases = lambda: None
    wiring.services.site.change({"guest_replies": "yes"}, BY_KWIP)
    change = ProfileChange(accepts_guests=True)
    wiring.services.users.update_profile(alice.user, change)
    post_id = int(alice.say("Rye or spelt?")["id"])
    path, reply_id = f"/@alice/{post_id}", post_id + 1
    add(wiring, post_id, reply_id, GuestReplyState.WAITING)
    assert on_other_sites(client, path) == []
    at_alice.get("/settings/guests")
    at_alice.send(f"/settings/guests/{reply_id}/approve")

    [shown] = on_other_sites(client, path)
    assert (shown["id"], shown["author"]) == (str(reply_id), {"display_name": "Carla"})
    assert (shown["text"], "<b>" in shown["html"]) == ("Buy <b>waiting</b>", False)
    assert shown["url"].endswith(f"{path}/guests")
    after = f"/api/widgets/v1/thread/{post_id}?before={post_id}"
    assert client.get(after).json["guests"] == []
    at_alice.send(f"/settings/guests/{reply_id}/remove")
    assert on_other_sites(client, path) == []


def test_a_reply_is_reported_and_a_moderator_deletes_it(at_bob, alice, bob, wiring):
    path = f"/@alice/{alice.say('Rye or spelt?')['id']}"
    post_id, other = int(path.rsplit("/", 1)[1]), alice.say("Another")["id"]
    ids = {state: post_id + n for n, state in enumerate(GuestReplyState)}
    for state, reply_id in ids.items():
        add(wiring, post_id, reply_id, state)
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
    assert wiring.stores.guest_replies.find(waits["guest_id"]) is not None
