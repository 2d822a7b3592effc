"""Notifications on this device, in a browser whose push service is on this page."""

from __future__ import annotations

import json
import os

import pytest
from playwright.sync_api import expect

from tests.servers import wait_until
from tests.services.push.test_encryption import AUTH, DEVICE

PAGE = "/settings/notifications"
#: Chromium asks Google for a subscription, which the tests do not.
_FAKE = """
(() => {
  const bytes = (text) => Uint8Array.from(
    atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)).buffer;
  let made = null;
  PushManager.prototype.getSubscription = async () => made;
  PushManager.prototype.subscribe = async (options) => (made = {
    endpoint: "https://push.example.net/1",
    options,
    getKey: (name) => bytes(name === "auth" ? "AUTH" : "DEVICE"),
    unsubscribe: async () => { made = null; },
  });
})();
""".replace('AUTH"', f'{AUTH}"').replace("DEVICE", DEVICE)


@pytest.fixture(scope="module")
def chromium(browser_of):
    """Return the whole one: the lighter one takes no push messages."""
    return browser_of()


def test_a_device_is_turned_on_shows_what_comes_and_is_turned_off(
    open_browser, site, alice
):
    page = open_browser(alice)
    page.context.grant_permissions(["notifications"], origin=site.origin)
    page.add_init_script(_FAKE)
    page.goto(PAGE)
    device = page.locator("#device")
    expect(device).to_contain_text("Notifications are off.")
    expect(device.get_by_text("JavaScript")).to_be_hidden()
    device.get_by_role("button", name="Turn on").click()
    expect(device).to_contain_text("Notifications are on.")
    devices = site.wiring.store.database["push_subscriptions"]
    assert devices.find_one()["endpoint"] == "https://push.example.net/1"

    told = {"title": "@bob mentioned you", "body": "lunch?", "icon": "/favicon.ico"}
    told |= {"url": f"{site.origin}/@bob/1", "notification_id": "1"}
    chromium = page.context.new_cdp_session(page)
    workers = []
    chromium.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: workers.extend(event["registrations"]),
    )
    chromium.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    for _ in range(2):
        chromium.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": site.origin,
                "registrationId": workers[0]["registrationId"],
                "data": json.dumps(told),
            },
        )
    shown = """async () => {
          const worker = await navigator.serviceWorker.ready;
          const found = await worker.getNotifications();
          const told = ({ title, body, data }) => [title, body, data.url];
          return found.map(told);
        }"""
    wait_until(lambda: page.evaluate(shown))
    assert page.evaluate(shown) == [["@bob mentioned you", "lunch?", told["url"]]]
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/desk.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path=f"{folder}/phone.png", full_page=True)

    device.get_by_role("button", name="Turn off").click()

    expect(device).to_contain_text("Notifications are off.")
    assert devices.count_documents({}) == 0
