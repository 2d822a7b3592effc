"""`kwip links`: what a link leads to, and forgetting it."""

from __future__ import annotations

import datetime as dt

import pytest

from kwip.domain.clock import at, system_clock_ms
from tests.other_site import other_site
from tests.pictures import plain


@pytest.fixture
def site(environ):
    with other_site() as made:
        environ["KWIP_LINK_PREVIEW_ALLOW"] = made.place
        yield made


def test_a_preview_is_shown_and_nothing_of_it_kept(kwip, site, settings):
    site.serve("/rye.png", plain(), kind="image/png")
    url = site.page("/rye", "Rye bread", site_name="Bread", image="/rye.png")
    shown = kwip("links", "preview", url)

    assert shown.code == 0
    assert [line.split(None, 1) for line in shown.out.splitlines()] == [
        ["title:", "Rye bread"],
        ["site:", "Bread"],
        ["host:", "127.0.0.1"],
        ["type:", "link"],
        ["picture:", "64 by 48 pixels"],
    ]
    assert list(settings.media_folder.rglob("*.webp")) == []


def test_why_there_is_no_preview_is_said(kwip, site):
    nothing = kwip("links", "preview", site.serve("/empty"))
    refused = kwip("links", "preview", "http://169.254.169.254/latest/")
    missing = kwip("links", "preview", site.url("/missing"))

    assert (nothing.code, "no title" in nothing.out) == (1, True)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "may not request this address" in refused.err
    assert (missing.code, missing.err) == (
        2,
        "kwip: The site answered with an error.\n",
    )


def test_what_is_known_of_an_address_is_forgotten(kwip, wiring):
    url = "https://example.org/rye"
    store = wiring.services.previews.store
    store.claim(url, "me", at(system_clock_ms()), dt.timedelta(minutes=1))

    assert kwip("links", "forget", f"{url}#step").out == "Forgotten.\n"
    assert "Nothing is known" in kwip("links", "forget", url).out
