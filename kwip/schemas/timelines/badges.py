"""Badges: a number or the newest kwip of a user, drawn as SVG for any page."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal, cast

from kwip.schemas.body import StrictSchema
from kwip.schemas.timelines import parameters
from kwip.text.dates import number
from kwip.text.translation import gettext

Shown = Literal["followers", "kwips", "latest"]
SHOWN = ("followers", "kwips", "latest")
#: Heights in pixels.
MIN_SIZE, MAX_SIZE, DEFAULT_SIZE = 16, 512, 20
#: How much of a kwip is shown.
_MAX_CHARS = 60
#: All measures are for this height; the picture is scaled from it.
_HEIGHT, _FONT, _PADDING, _BASELINE = 20, 11, 7, 14
#: Widths of the printable ASCII characters in Helvetica, Arial and Liberation Sans, in
#: thousandths of the font size, from the space on.
_WIDTHS = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556),
    *(1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556),
    *(333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556),
    *(556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584),
)
#: Of other letters, and of the wide scripts and emoji that begin at U+1100.
_OTHER, _WIDE, _WIDE_FROM = 600, 1_000, 0x1100
_COLOURS = {"light": ("#f5f3ef", "#1f2422"), "dark": ("#1d2225", "#e9ece9")}
ACCENT, GREY = "#0b6b58", "#687076"


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeRequest:
    """What a badge shows, how high it is, and on which ground."""

    show: Shown
    size: int
    theme: str


class BadgeQuery(StrictSchema[BadgeRequest]):
    """`show`, `size`, `theme` and `lang`; all others are rejected."""

    show = parameters.one_of(*SHOWN)
    size = parameters.number(DEFAULT_SIZE, MIN_SIZE, MAX_SIZE)
    theme = parameters.theme()
    lang = parameters.language()

    def make(
        self,
        *,
        show: str,
        size: int,
        theme: str,
        lang: str,  # noqa: ARG002 - read before
    ) -> BadgeRequest:
        """Build the request."""
        return BadgeRequest(show=cast("Shown", show), size=size, theme=theme)


def shortened(text: str) -> str:
    """Return the beginning of a text, in one line."""
    line = " ".join(text.split())
    if len(line) <= _MAX_CHARS:
        return line
    return f"{line[: _MAX_CHARS - 1].rstrip()}…"


def counted(show: Shown, count: int) -> tuple[str, str]:
    """Return the label and the value of a badge with a number."""
    label = gettext("followers") if show == "followers" else gettext("kwips")
    return label, number(count)


def draw(label: str, value: str, asked: BadgeRequest, ground: str = ACCENT) -> str:
    """Return a badge as SVG; what is on it is also its title.

    `ground` is behind the label.
    """
    left, right = (_width(text) + 2 * _PADDING for text in (label, value))
    width = left + right
    scale = asked.size / _HEIGHT
    title = escape(f"{label}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{round(width * scale)}" '
        f'height="{asked.size}" viewBox="0 0 {width} {_HEIGHT}" role="img" '
        f'aria-label="{title}"><title>{title}</title>{_style(asked.theme)}'
        f'<clipPath id="r"><rect width="{width}" height="{_HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect fill="{ground}" width="{left}" height="100%"/>'
        f'<rect class="g" x="{left}" width="{right}" height="100%"/></g>'
        f'<g font-family="Arial,Helvetica,Liberation Sans,sans-serif" '
        f'font-size="{_FONT}">{_text(label, 0, "l")}{_text(value, left, "v")}</g></svg>'
    )


def _text(text: str, x: int, css: str) -> str:
    """Write a text; browsers stretch it to the width that was computed."""
    return (
        f'<text class="{css}" x="{x + _PADDING}" y="{_BASELINE}" '
        f'textLength="{_width(text)}" lengthAdjust="spacingAndGlyphs">'
        f"{escape(text)}</text>"
    )


def _style(theme: str) -> str:
    """Return the colours; where the device decides, both."""
    ground, text = _COLOURS["light" if theme == "auto" else theme]
    style = f".l{{fill:#fff}}.g{{fill:{ground}}}.v{{fill:{text}}}"
    if theme == "auto":
        ground, text = _COLOURS["dark"]
        dark = f".g{{fill:{ground}}}.v{{fill:{text}}}"
        style += f"@media(prefers-color-scheme:dark){{{dark}}}"
    return f"<style>{style}</style>"


def _width(text: str) -> int:
    """Return how wide a text is, in pixels, and at least one."""
    return max(1, round(sum(map(_width_of, text)) * _FONT / 1_000))


def _width_of(char: str) -> int:
    place = ord(char) - ord(" ")
    if 0 <= place < len(_WIDTHS):
        return _WIDTHS[place]
    return _WIDE if ord(char) >= _WIDE_FROM else _OTHER
