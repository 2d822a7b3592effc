"""A visitor replies without an account, and the author of the kwip decides."""

from __future__ import annotations

from kwip.domain.audit_log import BY_KWIP


def test_a_visitor_replies_and_the_author_decides(anybody, at_alice, alice, wiring):
    wiring.fence.outlast_leases = lambda: None
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
    assert page.all("a", href=f"{path}/report")
