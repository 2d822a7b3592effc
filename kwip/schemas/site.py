"""What the site says of itself: Mastodon's instance, versions 1 and 2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInfo:
    """What clients may know of the site before anybody signs in."""

    title: str
    version: str
    post_max_chars: int
    is_signup_open: bool
