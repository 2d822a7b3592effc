"""Links of profiles: verified if the page links back, as long as it does."""

from __future__ import annotations

import datetime as dt

import pytest

from kwip.domain.accounts.users import ProfileChange, ProfileField


@pytest.fixture
def save(kwip, alice):
    """Return a function that gives alice's profile a link, and checks it."""

    def save(*values):
        fields = tuple(ProfileField("Site", value) for value in values)
        kwip.services.users.update_profile(alice, ProfileChange(fields=fields))
        return kwip.services.verification.settle(alice.id)

    return save


@pytest.fixture
def verified(kwip, alice):
    """Return a function that says which links of alice are verified, as all see it."""

    def verified():
        loader = kwip.services.loaders.begin()
        user = kwip.services.users.by_id(None, loader, alice.id).user
        return [each.verified_at is not None for each in user.fields]

    return verified


def due(kwip, alice):
    found = kwip.store.database["users"].find_one({"_id": alice.id})
    return found.get("verify_due_at")


@pytest.mark.parametrize(
    ("link", "is_verified"),
    [
        ('<a href="{profile}" rel="nofollow me">me</a>', True),
        ('<link href="{profile}/" rel="me">', True),
        ('<a href="{profile}">me</a>', False),
        ('<a href="{profile}2" rel="me">me</a>', False),
        ("", False),
    ],
)
def test_a_link_is_verified_if_the_page_links_back(
    kwip, save, verified, site, alice, settings, link, is_verified
):
    profile = f"{settings.origin}/@{alice.username}"
    url = site.serve("/me", f"<html><body>{link.format(profile=profile)}")

    assert save(url, f"See {url}", "No link") == "done"
    assert verified() == [is_verified, False, False]
    assert due(kwip, alice) > dt.datetime.now(dt.UTC) + dt.timedelta(days=29)


def test_a_page_that_no_longer_links_back_loses_its_mark(
    kwip, save, verified, site, alice, settings
):
    profile = f"{settings.origin}/@{alice.username}"
    url = site.serve("/me", f'<a rel="me" href="{profile}">me</a>')
    save(url)
    change = ProfileChange(bio="Bakes.", fields=(ProfileField("New label", url),))
    kwip.services.users.update_profile(alice, change)
    assert verified() == [True]  # the link is the same

    site.serve("/me", "busy", status=503)
    assert kwip.services.verification.settle(alice.id) == "later"
    assert verified() == [True]
    site.serve("/me", "gone", status=404)
    assert kwip.services.verification.settle(alice.id) == "done"
    assert verified() == [False]
    assert kwip.services.verification.settle(alice.id) == "done"  # twice is as once


def test_a_profile_without_links_waits_for_nothing(kwip, save, alice):
    assert save("Bread") == "done"
    assert due(kwip, alice) is None
    assert kwip.services.verification.settle(alice.id) == "nothing"


def test_our_own_network_is_not_asked(kwip, save, verified):
    assert save("https://127.0.0.1/", "http://example.org/") == "done"
    assert verified() == [False, False]
