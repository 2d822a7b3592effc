"""In which language an answer is written.

A page is in the language that its reader has set, else in the one that was chosen on
this device, else in the first that the browser names and Kwip has, else in the site's.
Apps get their errors as they ask, or in English; so do web components, or in the site's
language. What other sites show is in the site's language, or in the one that its
address names, so that shared caches keep one copy.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import request

from kwip.blueprints import http
from kwip.text import dates, translation
from kwip.text.translation import DEFAULT, LANGUAGES, negotiated

if TYPE_CHECKING:
    from flask import Response

    from kwip.blueprints.table import Policy
    from kwip.domain.accounts.users import Viewer

#: Browsers keep no cookie longer.
_LIFETIME_S = 400 * 24 * 3_600
#: A parameter of what other sites show.
PARAMETER = "lang"
#: Where the JSON of widgets is.
JSON_FOR_SITES = "/api/widgets/"
#: The tag of no language: browsers use their own.
UNKNOWN = "und"
#: A language with its script and region: what every browser understands.
_TAG = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?(?![A-Za-z0-9])"
)

_negotiated = lru_cache(256)(negotiated)


def begin(policy: Policy) -> None:
    """Choose the language of an answer before its reader is known."""
    translation.use(_of_request(policy))
    dates.use("")


def follow(policy: Policy, viewer: Viewer | None) -> None:
    """Use the language and the time zone that the reader of a page has set."""
    if viewer is None or not policy.reads_cookie:
        return
    if viewer.language in LANGUAGES:
        translation.use(viewer.language)
    dates.use(viewer.time_zone)


def _of_request(policy: Policy) -> str:
    accepted = request.headers.get("Accept-Language", "")
    if policy.reads_cookie:
        default = http.site().info.settings().language
        return of_page(request.cookies.get(cookie(), ""), accepted, default)
    if policy.is_api and policy.cache != "widget":
        return _negotiated(accepted, DEFAULT)
    found, default = named(), http.site().info.settings().language
    if found:
        return found
    # Only errors of JSON have texts, and nobody keeps these.
    is_json = request.path.startswith(JSON_FOR_SITES)
    return _negotiated(accepted, default) if is_json else default


def of_widget(said: str) -> tuple[str, str]:
    """Return a language tag for browsers, and which of our languages goes with it.

    `said` is what the page of another site says, in any form.
    """
    found = _TAG.match(said.replace("_", "-"))
    tag = found[0] if found else UNKNOWN
    code = tag.partition("-")[0].lower()
    default = http.site().info.settings().language
    return tag, code if code in LANGUAGES else default


def named() -> str:
    """Return the language that an address names, if Kwip has it; else nothing."""
    try:
        found = request.args.get(PARAMETER, "")
    except UnicodeDecodeError:  # the gate refuses such an address after this
        return ""
    return found if found in LANGUAGES else ""


def of_page(said: str, accepted: str, default: str) -> str:
    """Return the language of a page for whoever has set none; no I/O."""
    return said if said in LANGUAGES else _negotiated(accepted, default)


def chosen() -> str:
    """Return the language that was chosen on this device, if any."""
    found = request.cookies.get(cookie(), "")
    return found if found in LANGUAGES else ""


def use(code: str) -> None:
    """Answer in a language that was chosen just now; else as the browser asks."""
    accepted = request.headers.get("Accept-Language", "")
    default = http.site().info.settings().language
    translation.use(of_page(code, accepted, default))


def keep(response: Response, code: str) -> None:
    """Save a language on the device; without one, the browser decides again."""
    response.set_cookie(
        cookie(),
        code,
        max_age=_LIFETIME_S if code else 0,
        secure=http.site().urls.origin.startswith("https:"),
        httponly=True,
        samesite="Lax",
    )


def cookie() -> str:
    """Return the name of the cookie."""
    return cookie_of(http.site().urls.origin)


def cookie_of(origin: str) -> str:
    """Return the name of a site's cookie, by its address."""
    # Browsers share cookies between the ports of a host, but two sites must not.
    port = urlsplit(origin).port
    return f"kwip_language_{port}" if port else "kwip_language"
