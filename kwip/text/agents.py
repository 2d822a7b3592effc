"""Describe in plain words which browser somebody uses."""

from __future__ import annotations

import re

from kwip.domain.messages import lazy_gettext

#: Checked in this order: most browsers also claim to be others.
_BROWSERS = (
    (r"\bEdg(e|A|iOS)?/", "Edge"),
    (r"\b(OPR|OPT)/|\bOpera\b", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\b(Firefox|FxiOS)/", "Firefox"),
    (r"\bCriOS/|\b(Headless)?Chrom(e|ium)/", "Chrome"),
    (r"\bSafari/", "Safari"),
    (r"\bcurl/", "curl"),
)
_SYSTEMS = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bWindows\b", "Windows"),
    (r"\bMac OS X\b|\bMacintosh\b", "Mac"),
    (r"\bLinux\b|\bX11\b", "Linux"),
)
UNKNOWN = lazy_gettext("An unknown browser")


def browser_in_words(agent: str) -> str:
    """Return the browser and the system that a User-Agent names."""
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if browser and system:
        return lazy_gettext("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or (
        lazy_gettext("A browser on %(system)s", system=system) if system else UNKNOWN
    )


def _first(known: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for pattern, name in known if re.search(pattern, agent)), "")
