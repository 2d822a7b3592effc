"""Passkeys with the authenticator that Chromium has for tests."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ops.stack import free_port
from tests.people import PASSWORD


@pytest.fixture
def environ():
    """Return the settings of a site with a name: IP addresses have no passkeys."""
    port = free_port()
    return {"KWIP_PORT": str(port), "KWIP_ORIGIN": f"http://localhost:{port}"}


def test_a_passkey_is_added_and_logs_in_alone_and_after_a_password(
    open_browser, site, alice, seen
):
    page = open_browser(alice)
    seen.expected.append("status of 422")
    chromium = page.context.new_cdp_session(page)
    chromium.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    options |= {"hasUserVerification": True, "isUserVerified": True}
    chromium.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    page.goto("/settings/two-factor")
    page.get_by_role("link", name="Add passkey").click()
    page.get_by_label("Name", exact=True).fill("Phone")
    page.get_by_label("Current password").fill("wrong horse")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("alert")).to_have_text("That isn't your current password.")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Add passkey").click()
    expect(page.locator(".codes code")).to_have_count(10)

    log_out(site, page)
    page.goto("/login?next=/lists")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(f"{site.origin}/lists")

    log_out(site, page)
    page.goto("/login")
    page.get_by_label("Username or email").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(f"{site.origin}/login/code")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{site.origin}/home")
    page.goto("/settings/two-factor")
    expect(page.get_by_text("last used")).to_be_visible()


def log_out(site, page):
    page.goto("/settings")
    page.get_by_role("button", name="Log out").last.click()
    page.wait_for_url(f"{site.origin}/")
