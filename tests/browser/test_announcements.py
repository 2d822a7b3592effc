"""An announcement goes when it is dismissed, and stays away."""

from __future__ import annotations

from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.administration.announcements import TypedAnnouncement

BOX = ".announcement"


def test_it_is_dismissed_at_once_and_comes_back_if_that_fails(
    open_browser, site, alice, seen
):
    typed = TypedAnnouncement(text="**Tea** at five")
    site.wiring.services.announcements.add(typed, BY_KWIP, is_published=True)
    page = open_browser(alice)
    page.goto("/home")
    seen.expected += ["Failed to load resource", "ERR_FAILED"]
    page.route("**/dismiss", lambda route: route.abort())
    page.click(f"{BOX} button")
    page.wait_for_selector(".toast")
    assert page.inner_text(BOX).startswith("Tea at five")
    page.unroute("**/dismiss")
    page.focus(f"{BOX} button")
    page.keyboard.press("Enter")
    page.wait_for_selector(BOX, state="detached")

    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.goto("/explore")
    assert page.query_selector(BOX) is None
