"""Hostile texts in every field, on every page: shown as texts, and nothing else."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.users import ProfileChange, ProfileField
from tests.browser.world import ATTACKS, fill
from tests.thorough import part

#: Read where an attack would have left its mark.
MARKS = """() => [
  document.querySelectorAll("main script, main style").length +
    document.querySelectorAll("main iframe:not([src^='/embed/'])").length,
  document.querySelectorAll("[onerror], [onload], [onfocus], [onmouseover]").length,
  document.querySelectorAll("base, meta[http-equiv]").length,
  [...document.querySelectorAll("a[href]")].filter(
    (a) => !/^(https?:|#)/.test(a.href) && !a.href.startsWith(location.origin)).length,
  document.querySelectorAll("body.hit").length,
]"""


#: Hundreds of clicks would take ten times as long.
UNFOLD = """() => document.querySelectorAll("details.folded").forEach((folded) => {
  folded.open = true;
})"""


@pytest.fixture
def mallory(site):
    return site.people("mallory")


@pytest.fixture
def places(site, mallory, alice):
    """Return every page's address, on a site where mallory has written everywhere."""
    users, access = site.wiring.services.users, site.wiring.services.authentication
    credential = access.begin_session(mallory.user.id, "mallory", ATTACKS[0])
    viewer = access.confirm(credential)
    lines = tuple(ProfileField(a[:200], a[:200]) for a in ATTACKS[:4])
    users.update_profile(
        viewer,
        ProfileChange(
            display_name=ATTACKS[2][:60], bio="\n\n".join(ATTACKS)[:500], fields=lines
        ),
    )
    access.create_token(viewer, ATTACKS[2], frozenset({"read"}))
    places = fill(mallory, alice)
    for attack in ATTACKS:
        mallory.say(f"{attack} #lamps", spoiler_text=attack)
        mallory.say(f"@alice {attack}")
    return places


def test_no_page_runs_what_people_wrote(open_browser, places, mallory, seen):
    seen.expected.append("404")
    page = open_browser(mallory)

    for place in part(places.values(), of=2):
        page.goto(place)
        page.evaluate(UNFOLD)

        assert (place, page.evaluate(MARKS)) == (place, [0, 0, 0, 0, 0])


def test_no_form_runs_what_it_gives_back(open_browser, alice, seen):
    seen.expected += ["422", "401", "404"]
    page = open_browser(alice)
    visitor = open_browser()

    for attack in [" ".join(ATTACKS), *part(ATTACKS, of=6)]:
        visitor.goto("/login?next=" + attack)
        visitor.get_by_label("Username or email").fill(attack)
        visitor.get_by_label("Password").fill("wrong")
        visitor.locator("main .button-main").click()
        assert (attack, visitor.evaluate(MARKS)) == (attack, [0, 0, 0, 0, 0])

        page.goto("/settings/profile")
        page.get_by_label("Name").fill(attack[:60])
        page.get_by_label("About you").fill(attack * 20)
        page.locator("main .button-main").click()
        assert (attack, page.evaluate(MARKS)) == (attack, [0, 0, 0, 0, 0])
