"""Check and picture the pages of a demo world: `make lighthouse` and `make pictures`.

For development only. Lighthouse is a Node program, which npm installs in
`.lighthouse/`; pictures of every page go to `.pictures/`. Git ignores both.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

from bench.stacks import ROOT, demo_stack
from kwip.cli.starting import demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

#: The last version that runs on Node 18 and 20.
LIGHTHOUSE = "lighthouse@12.2.3"
#: The score that each page must reach, of 100.
LEAST = {"performance": 95, "accessibility": 100, "best-practices": 95}
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}
#: What the owner of the example puts in place of these.
EXAMPLE = ROOT / "examples/static-site"
EXAMPLE_HOST, EXAMPLE_THREAD = "https://kwip.example.org", "117670890910796604"
FOR_VISITORS = {"landing": "/", "login": "/login", "signup": "/signup"}


def main(what: str) -> int:
    """Start a site with the demo world and check or picture its pages."""
    looks = {"lighthouse": lighthouse, "pictures": pictures}
    with (
        tempfile.TemporaryDirectory(prefix="kwip-pages-") as folder,
        demo_stack(Path(folder) / "home") as origin,
    ):
        return looks[what](origin)


def lighthouse(origin: str) -> int:
    """Print the scores of the pages that visitors see first; 1 if one is too low."""
    folder = ROOT / ".lighthouse"
    program = folder / "node_modules/.bin/lighthouse"
    if not program.exists():
        folder.mkdir(exist_ok=True)
        _run(
            "npm", "install", "--no-audit", "--no-fund", "--prefix", folder, LIGHTHOUSE
        )
    paths = {"landing": "/", **_examples(origin)}
    addresses = {name: f"{origin}{path}" for name, path in paths.items()}
    is_low = False
    with _example_site(origin) as example:
        for name, address in {**addresses, "example": example}.items():
            scores = _scores(program, address)
            print(f"{name:10}", *(f"{key} {value}" for key, value in scores.items()))
            is_low |= any(scores[key] < least for key, least in LEAST.items())
    return int(is_low)


def _scores(program: Path, address: str) -> dict[str, int]:
    flags = "--headless=new --no-sandbox --disable-gpu"
    options = ("--quiet", f"--chrome-flags={flags}", "--output=json")
    done = _run(program, address, *options, CHROME_PATH=_browser())
    report: dict[str, Any] = json.loads(done)
    return {
        name: round(100 * category["score"])
        for name, category in report["categories"].items()
    }


def pictures(origin: str) -> int:
    """Take a picture of every page, large and small, light and dark."""
    folder = ROOT / ".pictures"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_browser(), args=["--no-sandbox"]
        )
        for name, page in _pages(browser, origin):
            page.screenshot(path=folder / f"{name}.png")
        browser.close()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    return 0


def _pages(browser: Browser, origin: str) -> Iterator[tuple[str, Page]]:
    """Open each page in each form; yield its name and the loaded page."""
    for size, options in SIZES.items():
        for theme in ("light", "dark"):
            context = browser.new_context(
                base_url=origin,
                color_scheme=theme,
                reduced_motion="reduce",
                **options,
            )
            page = context.new_page()
            for name, path in FOR_VISITORS.items():
                _open(page, path)
                yield f"{name}-{size}-{theme}", page
            _log_in(page)
            for name, path in _places(origin).items():
                _open(page, path)
                yield f"{name}-{size}-{theme}", page
            _open_example(page, origin)
            yield f"example-{size}-{theme}", page
            context.close()


def _open(page: Page, path: str) -> None:
    page.goto(path)
    # A page that polls is never idle; this is long enough for its pictures.
    page.wait_for_timeout(250)


def _open_example(page: Page, origin: str) -> None:
    """Open the example of a static site, with our widgets."""
    with _example_site(origin) as address:
        page.goto(address)
        page.locator("kwip-comments article").last.wait_for()
        page.wait_for_timeout(250)


@contextmanager
def _example_site(origin: str) -> Iterator[str]:
    """Serve the example of a static site on another port; yield its address."""
    own = f"{origin}/api/widgets/v1/user/mira?limit=40"
    with urlopen(own) as answer:  # noqa: S310 -- our own origin
        posts = json.load(answer)["posts"]
    thread = max(posts, key=lambda post: post["replies_count"])["id"]
    with tempfile.TemporaryDirectory(prefix="kwip-example-") as folder:
        for path in EXAMPLE.iterdir():
            text = path.read_text("utf-8").replace(EXAMPLE_HOST, origin)
            (Path(folder) / path.name).write_text(text.replace(EXAMPLE_THREAD, thread))
        handler = partial(SimpleHTTPRequestHandler, directory=folder)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            Thread(target=server.serve_forever).start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/index.html"
            finally:
                server.shutdown()


def _log_in(page: Page) -> None:
    page.goto("/login")
    page.fill("#login", demo.USERNAME)
    page.fill("#password", demo.PASSWORD)
    page.click("main .button-main")
    page.wait_for_url("**/home")


def _places(origin: str) -> dict[str, str]:
    own = f"/@{demo.USERNAME}"
    mine = _first(origin, own)
    return {
        "home": "/home",
        "public": "/",
        **_examples(origin),
        "own-profile": own,
        "edit": f"{mine}/edit",
        "delete": f"{mine}/delete",
        "compose": "/compose",
        "tag": _first(origin, "/", r"/tags/[^\"]+"),
        "notifications": "/notifications",
        "bookmarks": "/bookmarks",
        "favourites": "/favourites",
        "followers": f"{own}/followers",
        "settings": "/settings",
        "profile-settings": "/settings/profile",
        "privacy": "/settings/privacy",
        "catch-up": "/home/catch-up",
        "reading": "/settings/reading",
        "password": "/settings/password",
        "sessions": "/settings/sessions",
        "appearance": "/settings/appearance",
        "tokens": "/settings/tokens",
        "muted": "/settings/muted",
        "widgets": "/widgets",
        "styleguide": "/styleguide",
        "nothing": "/nowhere",
    }


def _examples(origin: str) -> dict[str, str]:
    return {"thread": _first(origin, "/", r"/@\w+/\d+(?=#reply)"), "profile": "/@mira"}


def _first(origin: str, path: str, pattern: str = r"/@\w+/\d+") -> str:
    with urlopen(f"{origin}{path}") as answer:  # noqa: S310 -- our own origin
        found = re.search(pattern, answer.read().decode())
    if found is None:
        raise LookupError(pattern)
    return found.group()


def _browser() -> str:
    return _run("/bin/sh", ROOT / "config/browser.sh").strip()


def _run(*command: str | Path, **environ: str) -> str:
    full = {**os.environ, **environ}  # noqa: TID251 -- a child gets what we have
    done = subprocess.run(  # noqa: S603 -- programs of ours
        command, env=full, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
