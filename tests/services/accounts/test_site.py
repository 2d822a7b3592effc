"""The settings of the site: checked, recorded, undone, and in force everywhere."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.audit_log import Actor, AuditQuery, Order
from kwip.domain.accounts.site import SignUpMode, SiteRule
from kwip.domain.errors import ConflictError, InvalidError, StoreUnavailableError
from kwip.services.coherence.fence import Fence
from kwip.wiring import Options, build
from tests.quick import outlast_leases

BY_ANN = Order(Actor("user", "ann"), "the vote")


@pytest.fixture
def site(kwip):
    """Return the service."""
    return kwip.services.site


def stored(kwip):
    return kwip.store.database["site_settings"].find_one()


def test_an_acknowledged_change_is_in_force_in_every_process(
    kwip, settings, endpoints, monkeypatch
):
    monkeypatch.setattr(Fence, "outlast_leases", outlast_leases)
    other = build(settings, endpoints, role="web", options=Options())
    try:
        assert other.fence.await_lease(within_s=30)
        before = other.services.site.current()

        kwip.services.site.change({"name": "Bakers", "sign_up": "closed"}, BY_ANN)

        after = other.services.site.current()
        assert (before.name, before.sign_up) == ("Kwip", SignUpMode.OPEN)
        assert (after.name, after.sign_up) == ("Bakers", SignUpMode.CLOSED)
    finally:
        other.close()


def test_a_process_without_a_lease_reads_again_and_one_with_a_lease_does_not(
    kwip, site, monkeypatch
):
    reads = []
    read = site.store.read
    monkeypatch.setattr(site.store, "read", lambda: reads.append(1) or read())
    now = [100.0]
    monkeypatch.setattr(site, "elapsed", lambda: now[0])
    site.current()
    site.current()
    with_lease = len(reads)
    monkeypatch.setattr(kwip.fence, "site_version", lambda: None)
    site.current()
    now[0] += 1.9
    site.current()
    at_once = len(reads)
    now[0] += 0.2
    site.current()

    assert with_lease <= 1
    assert at_once == with_lease
    assert len(reads) == at_once + 1


def test_without_mongodb_the_settings_stay_as_they_are_known(site, monkeypatch):
    site.change({"name": "Bakers"}, BY_ANN)
    tries = []

    def fail():
        tries.append(1)
        raise StoreUnavailableError(reason="no server")

    monkeypatch.setattr(site.store, "read", fail)
    monkeypatch.setattr(site._memory, "_is_fresh", lambda: False)

    assert [site.current().name for _ in range(3)] == ["Bakers"] * 3
    assert len(tries) == 1  # not asked again for a second


def test_every_wrong_setting_is_named_and_nothing_is_stored(kwip, site):
    wrong = {
        "name": " ",
        "description": "x" * 301,
        "contact_email": "nobody",
        "contact_username": "a name",
        "rules": f"Be kind.\n{'x' * 501}",
        "sign_up": "maybe",
        "confirm_email": "perhaps",
        "about": "x" * 20_001,
    }
    with pytest.raises(InvalidError) as error:
        site.change({**wrong, "terms": "fine"}, BY_ANN)
    with pytest.raises(InvalidError) as nobody:
        site.change({"contact_username": "nobody"}, BY_ANN)

    assert error.value.fields.keys() == wrong.keys()
    assert error.value.fields["rules"].startswith("Line 2: Use up to 500")
    assert "Nobody here" in nobody.value.fields["contact_username"]
    assert stored(kwip) is None
    assert kwip.services.audit_log.page(AuditQuery()) == []


def test_a_change_is_recorded_and_its_undo_is_another_one(kwip, site):
    [first] = site.change({"name": "Bakers", "sign_up": "open"}, BY_ANN)
    [second] = site.change({"name": "Millers"}, BY_ANN)
    with pytest.raises(ConflictError):
        site.undo(first.id, BY_ANN)
    site.undo(second.id, BY_ANN)
    site.undo(first.id, BY_ANN)

    names = [(c.before, c.after, c.undoes) for c in reversed(site.changes(10))]
    assert names == [
        (None, "Bakers", 0),
        ("Bakers", "Millers", 0),
        ("Millers", "Bakers", second.id),
        ("Bakers", None, first.id),
    ]
    assert stored(kwip)["values"] == {}
    assert site.current().name == "Kwip"
    entries = kwip.services.audit_log.page(AuditQuery())
    assert [(e.action, e.subject, e.reason) for e in entries] == [
        ("change_site", "site", "the vote")
    ] * 4


def test_of_two_who_edit_the_same_settings_the_second_is_told(site):
    shown = site.current().version
    site.change({"name": "Bakers"}, BY_ANN, version=shown)
    with pytest.raises(ConflictError):
        site.change({"description": "Bread"}, BY_ANN, version=shown)

    assert site.current().description == ""


def test_a_rule_keeps_its_id_when_it_moves_or_its_words_change(site):
    for text in (
        "Be kind.\nNo ads.\nNo spam.",
        "Be kind.\nNo adverts.\nNo spam.",
        "No spam.\nBe kind.",
        "No spam.\nBe kind.\nStay on topic.",
    ):
        site.change({"rules": text}, BY_ANN)

    assert site.current().rules == (
        SiteRule(3, "No spam."),
        SiteRule(1, "Be kind."),
        SiteRule(4, "Stay on topic."),
    )
