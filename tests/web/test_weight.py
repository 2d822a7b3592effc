"""What a page weighs on its way to a phone, compressed."""

from __future__ import annotations

import gzip

from kwip.blueprints import assets

KB = 1_024
TEXT = (
    "Kwip number {0}: the lamp in room {0} hums, the plums at stall {0} are back, and "
    "whoever left a glove on scales {0} may fetch it, see https://example.org/{0} #kwip"
)


def test_styles_and_script_keep_their_budgets(app):
    found = assets.load()
    sizes = {
        name: len(found.files[found.names[name]].gzipped)
        for name in ("kwip.css", "kwip.js", "icons.svg")
    }

    assert sizes["kwip.css"] <= 20 * KB
    assert sizes["kwip.js"] <= 25 * KB
    assert sizes["icons.svg"] <= 4 * KB


def test_the_script_for_other_sites_keeps_its_budget(app):
    found = assets.load()

    assert len(found.files[found.names["widgets/kwip.js"]].gzipped) <= 10 * KB
    assert len(found.files[found.names["widgets/embed.js"]].gzipped) <= 2 * KB


def test_a_full_home_page_keeps_its_budget(at_alice, alice, bob, wiring):
    for number in range(25):
        alice.say(TEXT.format(number), spoiler_text=f"Warning {number}")

    answer = at_alice._browser.get("/home", headers={"Accept-Encoding": "gzip"})

    page = gzip.decompress(answer.data).decode()
    assert page.count("<article") == 20
    assert len(answer.data) <= 20 * KB
