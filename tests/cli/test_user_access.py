"""`kwip users reset-2fa` and `password-link`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from kwip.domain.accounts.two_factor import Passkey, TwoFactor
from kwip.domain.clock import system_clock_ms
from kwip.domain.signed_addresses import Signer
from kwip.embedded.home_folder import HomeFolder
from kwip.services.accounts.sign_in import Applicant, Halfway
from tests.cli.test_users import ALICE
from tests.frozen import swap

SOMEBODY = Applicant(address="192.0.2.1", agent="a browser")


def turn_on(wiring):
    """Give alice a second step."""
    known = wiring.stores.users.credentials_of("alice")
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    passkey = Passkey(id="a", public_key="b", sign_count=0, name="Phone", added_at=now)
    state = TwoFactor(mark="a1", recovery=("c5",), passkeys=(passkey,))
    store = wiring.services.two_factor.second_factor.store
    store.change(known.user_id, lambda _: (state, None))
    return known.user_id, store


def test_a_second_step_is_turned_off_recorded_and_reported(kwip, wiring, mongodb):
    kwip("users", "create", *ALICE)
    user_id, store = turn_on(wiring)
    run = kwip("users", "reset-2fa", "@Alice", "--reason", "lost phone", "--json")
    again = kwip("users", "reset-2fa", "alice")

    assert run.json == {"id": str(user_id), "username": "alice", "was_on": True}
    assert again.out == "two-factor authentication of @alice was off already\n"
    assert not store.find(user_id).is_on
    [entry] = mongodb["audit_log"].find({"action": "reset_two_factor"})
    assert (entry["subject"], entry["reason"]) == ("@alice", "lost phone")
    [mail] = mongodb["mails"].find({"kind": "two_factor"})
    assert mail["details"] == {"event": "reset"}


def test_a_link_sets_a_password_once_and_leaves_the_second_step(
    kwip, wiring, mongodb, environ
):
    kwip("users", "create", *ALICE)
    turn_on(wiring)
    run = kwip("users", "password-link", "alice")
    link = run.out.strip().partition("?link=")[2]
    services, new = wiring.services, "another horse"
    keys = HomeFolder(Path(environ["KWIP_HOME"])).secret_keys()
    swap(services.mails, signer=Signer(keys, system_clock_ms))
    waiting = services.mails.store.waiting_count()
    services.password_reset.complete(link, new)
    again = kwip("users", "password-link", "alice", "--json").json

    assert run.out.startswith("http://127.0.0.1:8000/password/reset?link=")
    assert waiting == 0
    assert isinstance(services.sign_in.sign_in("alice", new, SOMEBODY), Halfway)
    assert mongodb["audit_log"].count_documents({"action": "password_link"}) == 2
    assert again["link"] != run.out.strip()
    assert services.password_reset.owner_of(again["link"].partition("?link=")[2])
    assert kwip("users", "password-link", "nobody").code == 2
