"""The settings of requests to other sites: link previews, feeds of blogs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from config import values
from config.media import MediaSettings
from config.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings(MediaSettings):
    """Whether links are looked up, and where that may lead."""

    link_previews: Annotated[
        str,
        Rule(
            "KWIP_LINK_PREVIEWS",
            values.choice("on", "off"),
            "on",
            shown="on",
            allowed="on or off",
            doc="Whether Kwip fetches the page that a kwip links to, to show a preview "
            "of it, also for followers-only and direct kwips. It only connects to "
            "public addresses. With off, it makes no such requests, and kwips keep "
            "the previews they have.",
        ),
    ]
    blogs: Annotated[
        str,
        Rule(
            "KWIP_BLOGS",
            values.choice("on", "off"),
            "on",
            shown="on",
            allowed="on or off",
            doc="Whether members can have the new entries of their blogs posted. "
            "Kwip then reads these feeds, and only connects to public addresses for "
            "that.",
        ),
    ]
    link_preview_allow: Annotated[
        frozenset[tuple[str, int]],
        Rule(
            "KWIP_LINK_PREVIEW_ALLOW",
            values.places,
            frozenset(),
            shown="none",
            allowed="hosts with ports, comma-separated: wiki.example.org:8080",
            doc="For tests and intranets: hosts with ports of which previews are also "
            "made if they are in your own network, or not on port 80 or 443. Anyone "
            "who can post can make Kwip request any address on these.",
        ),
    ]
