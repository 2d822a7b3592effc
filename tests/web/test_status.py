"""The page that shows administrators how the site is doing."""

from __future__ import annotations

from kwip.domain.accounts.two_factor import Passkey, TwoFactor
from kwip.domain.clock import at, system_clock_ms
from kwip.services.maintenance.reports import Reports
from tests.frozen import swap
from tests.web.pages import check


def rows(page):
    """Give the numbers of all tables by what they are."""
    numbers = {}
    for cell in page.all("td"):
        [row] = [e for e in cell.inside if e.tag == "tr"]
        [name] = [e.words for e in page.all("th", scope="row") if row in e.inside]
        numbers.setdefault(name, cell.words)
    return numbers


def test_everybody_else_gets_an_unknown_page(anybody, browser_of, bob):
    for visitor in (anybody, browser_of(bob)):
        assert "Page not found" in visitor.get("/admin/status", 404).one("h1").words


def test_an_administrator_sees_numbers_and_what_is_wrong(
    at_admin, alice, wiring, settings
):
    post_id = int(alice.say("hello")["id"])
    wiring.store.database["posts"].update_one(
        {"_id": post_id}, {"$set": {"fanout.state": "dead"}}
    )
    alice.say("and again")
    wiring.queue.enqueue("fanout", str(post_id))
    Reports(wiring.jobs, system_clock_ms).store_fsck({"edges": 2, "pins": 1})

    page = at_admin.get("/admin/status")
    check(page, settings.origin)
    found = rows(page)
    assert found["Kwips waiting for delivery"] == "1"
    assert found["Failed deliveries"] == "1"
    assert found["Problems left"] == "3"
    assert found["MongoDB members, primary"] == "1"
    assert found["Redis for the cache"] == "working"
    assert found["Newest backup"] == "none"
    assert sum(int(found[str(hour)]) for hour in range(24)) == 2
    bad = " ".join(row.words for row in page.with_class("status-bad"))
    assert "Failed deliveries" in bad
    assert "Kwips waiting for delivery" not in bad


def test_a_site_can_require_two_factor_authentication_of_staff(
    at_admin, at_bob, alice, wiring
):
    two_factor = wiring.services.two_factor
    swap(two_factor, is_required_of_staff=True)
    sent_to = at_admin.send_away("/admin/status")
    said = at_admin.get(sent_to).said
    script = at_admin._browser.get("/admin", headers={"Accept": "application/json"})
    now = at(system_clock_ms())
    passkey = Passkey(id="a", public_key="b", sign_count=0, name="Phone", added_at=now)
    state = TwoFactor(mark="a1", passkeys=(passkey,))
    two_factor.second_factor.store.change(alice.user.id, lambda _: (state, None))

    assert sent_to == "/settings/two-factor"
    assert "need two-factor authentication" in said
    assert script.status_code == 403
    at_admin.get("/admin/status")
    at_bob.get("/admin/status", 404)
    at_bob.get("/home")


def test_each_chart_has_its_numbers_in_a_table(at_admin):
    page = at_admin.get("/admin/status")
    charts = page.with_class("status-chart")
    bars = [len([b for b in page.all("rect") if c in b.inside]) for c in charts]

    assert bars == [24]  # no job waits
    assert all("the table below" in chart["aria-label"] for chart in charts)
