"""One person's life on a site as operators run it, in Chromium, from the invitation on.

The programs are those of `kwip up`, with gunicorn and the worker; the mails are read
from the folder that a site without a mail server has. The site that the person moves to
is in this process.
"""

from __future__ import annotations

import email.policy
import re
import sys
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pymongo
import pyotp
import pytest
from playwright.sync_api import expect

from kwip.domain.accounts.two_factor import STEP_MS
from kwip.domain.clock import at, system_clock_ms
from tests.browser.conftest import DESKTOP, WITHIN_MS, Seen
from tests.mail_server import parts_of
from tests.ops.stack import Stack
from tests.servers import wait_until

KWIP = (sys.executable, "-c", "from kwip.cli import main; main()")
FIRST, LAST = "correct horse battery", "a staple of another kind"
TEXTS = ("Rye rises slowly.", "Is it the flour? #bread", "It was the cold kitchen.")


class Real:
    """A site that runs: people who visit it, and the mails that it sends."""

    def __init__(self, stack, chromium):
        self.stack, self.origin = stack, stack.settings.origin
        self._chromium, self.seen = chromium, Seen(stack.settings.origin)
        self._read = set()

    def visit(self):
        """Open a browser without cookies; give a page."""
        context = self._chromium.new_context(
            base_url=self.origin, viewport=DESKTOP, reduced_motion="reduce"
        )
        context.set_default_timeout(WITHIN_MS)
        page = context.new_page()
        self.seen.listen(page)
        return page

    def set_up(self):
        """Make the owner with the code that the start has printed; give a page."""
        [code] = re.findall(r"/setup with the code (\S+)", self.stack.said)
        page = self.visit()
        page.goto("/setup")
        page.get_by_role("textbox", name="Code").fill(code)
        join(page, "owner", "Create account", "**/admin/settings")
        return page

    def mail(self, subject):
        """Wait for a mail that was not read yet; give its link to the site."""
        text = wait_until(lambda: self._new(subject))
        return re.search(rf"{re.escape(self.origin)}\S+", text)[0]

    def _new(self, subject):
        for file in (self.stack.home.root / "mail").glob("*.eml"):
            message = message_from_bytes(file.read_bytes(), policy=email.policy.default)
            if file not in self._read and subject in message["Subject"]:
                self._read.add(file)
                return parts_of(message)[0]
        return None

    @contextmanager
    def database(self):
        with pymongo.MongoClient(self.stack.endpoints.mongodb_uri) as client:
            yield client[self.stack.endpoints.database]


@pytest.fixture
def real(chromium):
    """Return a site in a home of its own; whoever signs up needs an invitation."""
    with tempfile.TemporaryDirectory(prefix="kwip-") as folder:
        stack = Stack(Path(folder) / "home", KWIP_SIGNUP="invitation")
        stack.start(*KWIP, "up")
        real = Real(stack, chromium)
        yield real
        stack.clean_up()
    assert real.seen.wrong == []


def join(page, name, button="Sign up", place="**/welcome"):
    page.get_by_label("Username").fill(name)
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label("Password").fill(FIRST)
    press(page, button)
    page.wait_for_url(place)


def press(page, name):
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def invite(owner):
    """Make an invitation; give its link."""
    owner.goto("/admin/invitations")
    owner.get_by_label("How many people can use it").fill("2")
    press(owner, "Create invitation")
    return owner.locator("code.secret").first.inner_text()


def confirm_address(site, page):
    page.goto("/settings/email")
    press(page, "Send me a link to confirm it")
    page.goto(site.mail("Confirm"))
    press(page, "Confirm address")
    page.wait_for_load_state()


class Codes:
    """An authenticator app, which gives each code once."""

    def __init__(self, key):
        self._app, self._last = pyotp.TOTP(key.replace(" ", "")), 0

    def __call__(self):
        """Give the next code; one ahead of time is accepted, too."""
        now = system_clock_ms() // STEP_MS
        wait_until(lambda: self._last <= system_clock_ms() // STEP_MS)
        self._last = max(now, self._last + 1)
        return self._app.at(self._last * STEP_MS // 1_000)


def turn_on_two_factor(page):
    page.goto("/settings/two-factor/app")
    page.get_by_label("Current password").fill(FIRST)
    press(page, "Continue")
    codes = Codes(page.locator("code.secret").inner_text())
    page.get_by_role("textbox", name="Code").fill(codes())
    press(page, "Turn on")
    expect(page.locator(".codes code")).to_have_count(10)
    return codes


def lose_the_password(site, page, codes):
    page.goto("/settings")
    press(page, "Log out")
    page.goto("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email address").fill("alice@example.org")
    press(page, "Send link")
    page.goto(site.mail("Reset your password"))
    page.get_by_label("New password").fill(LAST)
    press(page, "Change password")
    page.wait_for_url("**/login")
    page.get_by_label("Username or email").fill("alice")
    page.get_by_label("Password").fill(LAST)
    press(page, "Log in")
    page.wait_for_url("**/login/code*")
    page.get_by_role("textbox", name="Code").fill(codes())
    press(page, "Log in")
    page.wait_for_url("**/home")


def say(page, *texts):
    for text in texts:
        page.get_by_label("Your kwip").fill(text)
        press(page, "Post")
        expect(page.locator(".post-text").first).to_have_text(text)


def report(page):
    """Report the newest kwip of alice."""
    page.goto("/@alice")
    page.locator(".menu > summary").first.click()
    page.get_by_role("link", name="Report").first.click()
    page.get_by_label("Something else").check()
    press(page, "Send report")
    expect(page.get_by_role("heading", name="Report sent")).to_be_visible()


def limit(owner):
    owner.goto("/admin/reports")
    owner.locator(".places a").first.click()
    owner.get_by_label("Explanation for @alice").fill("Too cold.")
    press(owner, "Limit")
    expect(owner.get_by_text("Limited").first).to_be_visible()


def appeal(site, page):
    page.goto(site.mail("limited"))
    page.get_by_label("Appeal:").fill("It was warm again.")
    press(page, "Send appeal")
    expect(page.get_by_text("Moderators have yet to decide.")).to_be_visible()


def approve(owner):
    owner.goto("/admin/appeals")
    press(owner, "Approve and undo")
    expect(owner.get_by_text("No appeals are waiting")).to_be_visible()


def download_archive(site, page, folder):
    page.goto("/settings/data")
    press(page, "Request archive")
    page.goto(site.mail("archive"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download archive").click()
    file = folder / "archive.zip"
    download.value.save_as(file)
    return file


def bring(page, file):
    """Import an archive at another site."""
    page.goto("/settings/data")
    page.get_by_label("Archive of Kwip, Mastodon or Twitter").check()
    page.get_by_label("File").set_input_files(file)
    press(page, "Import")
    expect(page.get_by_text("archive.zip is imported")).to_be_visible()


def kwips_at(page, name):
    """Give the texts and times on a profile, and how many kwips it counts."""
    page.goto(f"/@{name}")
    posts = page.locator("article")
    times = posts.locator("time").evaluate_all("all => all.map(it => it.dateTime)")
    texts = posts.locator(".post-text").all_inner_texts()
    return texts, times, page.locator("[data-kwips-of]").get_attribute("data-count")


def close_account(page, codes):
    page.goto("/settings/delete")
    page.get_by_label("Current password").fill(LAST)
    page.get_by_role("textbox", name="Code").fill(codes())
    press(page, "Delete account")
    page.wait_for_url("**/login")


def let_two_weeks_pass(site):
    """Let the account have been closed a little more than 14 days ago."""
    past = timedelta(days=14, seconds=1)
    with site.database() as stored:
        closure = stored.closures.find_one()
        assert closure["delete_at"] - closure["closed_at"] == timedelta(days=14)
        ended = {key: closure[key] - past for key in ("closed_at", "delete_at")}
        ended["due_at"] = at(system_clock_ms())
        stored.closures.update_one({"_id": closure["_id"]}, {"$set": ended})
        wait_until(lambda: stored.closures.count_documents({}) == 0)
        theirs = {"author_id": closure["_id"], "is_tombstone": False}
        assert stored.posts.count_documents(theirs) == 0
        assert stored.users.count_documents({"_id": closure["_id"]}) == 0


def test_a_person_joins_posts_is_judged_moves_and_leaves(
    real, site, open_browser, tmp_path
):
    owner, alice, bob = real.set_up(), real.visit(), real.visit()
    link = invite(owner)
    for page, name in ((bob, "bob"), (alice, "alice")):
        page.goto(link)
        join(page, name)
    confirm_address(real, alice)
    codes = turn_on_two_factor(alice)
    lose_the_password(real, alice, codes)
    say(alice, *TEXTS)
    report(bob)
    limit(owner)
    appeal(real, alice)
    approve(owner)
    there = kwips_at(bob, "alice")
    archive = download_archive(real, alice, tmp_path)

    anna = site.people("anna")
    site.wiring.services.email_address.confirm_by_operator(anna.user.id)
    moved = open_browser(anna)
    bring(moved, archive)
    assert kwips_at(moved, "anna") == there
    assert there[0] == [*reversed(TEXTS)]

    close_account(alice, codes)
    let_two_weeks_pass(real)
    real.seen.expected += ["404", "410"]
    assert bob.goto("/@alice").status in {404, 410}
