"""The look holds what its first lines promise, without a browser."""

from __future__ import annotations

import re

import pytest

from config.settings import PROJECT
from kwip.domain.errors import StoreUnavailableError
from tests.web.pages import check

STATIC, TEMPLATES = PROJECT / "kwip/static", PROJECT / "kwip/templates"
TOKENS = (STATIC / "tokens.css").read_text(encoding="utf-8")
SHEET = "".join(
    path.read_text(encoding="utf-8")
    for path in STATIC.glob("*.css")
    if path.name != "tokens.css"
)
PAIRS = [
    ("text", "ground", 11),
    ("text", "raised", 11),
    ("text", "accent-wash", 11),
    ("quiet", "ground", 4.5),
    ("quiet", "raised", 4.5),
    ("accent", "ground", 4.5),
    ("accent", "accent-wash", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("danger", "ground", 4.5),
    ("danger", "danger-wash", 4.5),
    ("field-line", "ground", 3),
]


def colours(scheme):
    """The colours of a scheme."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", TOKENS)
    return {name: dark if scheme == "dark" else light for name, light, dark in pairs}


def luminance(colour):
    """The relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_can_be_read_on_its_ground(scheme):
    named = colours(scheme)
    for over, under, least in PAIRS:
        lighter, darker = sorted(
            (luminance(named[over]), luminance(named[under])), reverse=True
        )

        assert (lighter + 0.05) / (darker + 0.05) >= least, (over, under)


def test_every_colour_is_a_token():
    used = set(re.findall(r"var\(--([\w-]+)", SHEET))
    own = set(re.findall(r"--([\w-]+):", SHEET))

    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", SHEET)
    assert used - own <= set(re.findall(r"--([\w-]+):", TOKENS))


def test_every_icon_that_a_page_names_is_drawn():
    drawn = set(
        re.findall(r'symbol id="(\w+)"', (STATIC / "icons.svg").read_text("utf-8"))
    )
    pages = "".join(p.read_text("utf-8") for p in TEMPLATES.glob("*.html"))
    named = set(
        re.findall(r'(?:icon|empty|nav_place|menu_button|notice)\("(\w+)"', pages)
    )
    named |= set(re.findall(r'icon_name="(\w+)"', pages))

    assert named
    assert named <= drawn
    assert {"unlisted", "followers", "direct"} <= drawn


def test_nothing_drawn_carries_a_script():
    for path in [*STATIC.glob("*.svg"), *STATIC.glob("avatars/*.svg")]:
        text = path.read_text("utf-8")

        assert not re.search(r"<script|\son\w+=|href=|<!ENTITY|<foreignObject", text)


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreUnavailableError(retry_after_s=2), 503), (RuntimeError("boom"), 500)],
)
def test_when_a_page_cannot_be_made_it_says_what_to_do(
    monkeypatch, wiring, anybody, settings, error, status
):
    def public(*_):
        raise error

    monkeypatch.setattr(type(wiring.services.timelines), "public", public)

    page = anybody.get("/?max_id=5", status)

    check(page, settings.origin)
    assert page.all("a", href="/?max_id=5")
    assert page.one("code").words
    assert "boom" not in page.html
