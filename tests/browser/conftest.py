"""A whole site in this process, and people who look at it with a real browser.

One Chromium serves a run; each test has a site of its own on empty servers, and a
context of its own for each person. Whatever a page does wrong by itself (a script's
error, a dialog, a refused style, a request to elsewhere) fails the test at its end.
"""

from __future__ import annotations

import contextlib
import subprocess
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from config.settings import PROJECT
from kwip.app import create_app
from kwip.jobs.registry import jobs
from kwip.live_app import create_live_app
from kwip.wiring import Options, build
from tests.ops.stack import free_port
from tests.people import PASSWORD, People
from tests.served import served
from tests.servers import settings_in

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
#: A busy machine may take its time; what never comes fails.
WITHIN_MS = 30_000
expect.set_options(timeout=WITHIN_MS)


@pytest.fixture(scope="session")
def browser_of():
    """Return a function that starts Debian's Chromium; it is ended at the end."""
    with sync_playwright() as playwright, contextlib.ExitStack() as ends:

        def start(*kind):
            found = subprocess.run(
                ["/bin/sh", PROJECT / "config/browser.sh", *kind],
                capture_output=True,
                text=True,
                check=True,
            )
            browser = playwright.chromium.launch(
                executable_path=found.stdout.strip(),
                args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            )
            ends.callback(browser.close)
            return browser

        yield start


@pytest.fixture(scope="session")
def chromium(browser_of):
    """Return the lighter one, started once."""
    return browser_of("light")


@dataclass
class Site:
    """A site that answers at `origin`; what is written is delivered at once."""

    origin: str
    app: object
    wiring: object
    people: People


@pytest.fixture
def live_port():
    """Return the port of the live process: none; a test that wants one overrides it."""
    return 0


@pytest.fixture
def environ():
    """Return settings of the test's own: none; a test that wants some overrides it."""
    return {}


@pytest.fixture
def site(tmp_path, endpoints, live_port, environ, monkeypatch):
    """Return a site of the test's own."""
    # At the end it waits for its listener.
    monkeypatch.setattr("kwip.cache.signals.LOOK_S", 0.05)
    own = {"KWIP_PORT": str(free_port()), "KWIP_LIVE_PORT": str(live_port)}
    own["KWIP_STYLEGUIDE"] = "1"
    settings = settings_in(tmp_path / "home", **own | environ)
    work = {}
    options = Options(enqueue=lambda job, job_id: work[job](job_id))
    with contextlib.ExitStack() as ends:
        wiring = build(settings, endpoints, role="web", options=options)
        ends.callback(wiring.close)
        work |= jobs(wiring.services)
        app = create_app(wiring, settings)
        ends.enter_context(served(app, settings.port))
        if live_port:
            live = build(settings, endpoints, role="live")
            ends.callback(live.close)
            live.listener.loop.start()
            answering = create_live_app(live, settings)
            ends.enter_context(served(answering, live_port))
            ends.callback(live.services.live.close)
        yield Site(settings.origin, app, wiring, People(app, wiring))


@pytest.fixture
def alice(site):
    return site.people("alice")


@pytest.fixture
def bob(site):
    return site.people("bob")


@dataclass
class Seen:
    """What pages did by themselves that no page may do."""

    origin: str
    wrong: list = field(default_factory=list)
    #: Statuses of the test's own making, whose line in the console is no mistake.
    expected: list = field(default_factory=list)

    def listen(self, page):
        page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        page.on("console", self._on_console)
        page.on("dialog", self._on_dialog)
        page.on("request", self._on_request)

    def _on_console(self, message):
        if message.type not in {"error", "warning"}:
            return
        if not any(text in message.text for text in self.expected):
            self.wrong.append(f"console: {message.text}")

    def _on_dialog(self, dialog):
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _on_request(self, request):
        parts = urlsplit(request.url)
        hosts = {urlsplit(self.origin).hostname, None}
        if parts.hostname not in hosts and parts.scheme != "blob":
            self.wrong.append(f"request: {request.url}")


@pytest.fixture
def seen(site):
    """Return what is noted of all pages; at the end it must be nothing."""
    noted = Seen(site.origin)
    yield noted
    assert noted.wrong == []


@pytest.fixture
def open_browser(chromium, site, seen):
    """Return a function that opens a browser, at a size, with a theme, with or without
    scripts, and signed in as a person; it gives a page.
    """
    contexts = []

    def open_one(person=None, *, size=DESKTOP, theme="light", scripts=True, **more):
        context = chromium.new_context(
            base_url=site.origin,
            viewport=size,
            color_scheme=theme,
            java_script_enabled=scripts,
            reduced_motion="reduce",
            has_touch=size is not DESKTOP,
            **more,
        )
        contexts.append(context)
        context.set_default_timeout(WITHIN_MS)
        if person is not None:
            context.add_cookies([cookie_of(site, person)])
        page = context.new_page()
        seen.listen(page)
        return page

    yield open_one
    for context in contexts:
        context.close()


def cookie_of(site, person):
    """Make a session for a person without the form, as browsers keep it."""
    client = site.app.test_client()
    page = client.get("/login").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"login": person.user.username, "password": PASSWORD, "next": ""}
    client.post("/login", data={"csrf_token": token} | fields)
    (cookie,) = client._cookies.values()
    return {"name": cookie.key, "value": cookie.value, "url": site.origin}
