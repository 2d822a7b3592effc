"""What a post was written with: the label that apps see as its application."""

from __future__ import annotations

#: Programs that name no vendor, and posts that came from a feed.
API = "api"
FEED = "feed"
#: A vendor's name is at most this long, and none of those that Kwip gives itself.
VENDOR_MAX = 40
RESERVED = frozenset({"web", "import", FEED, "demo", "world"})
