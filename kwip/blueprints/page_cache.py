"""Cached pages: answered from the cache before Flask sees the request.

A page is cached with the list of everything that it was made from. One call to Redis
compares that, charges the request, and returns the page if nothing has changed.
Otherwise the same call has read what the request begins with, and Flask goes on from
there.

A page is cached under its address, its reader's credential and the language it would
have if they had set none; what differs in each response is a placeholder, or is added
to it.

Four places decide whether an answer may be cached: `Policy.page_cache` by its route,
`PARAMETERS` by its query, `keep` by the response (200, whole, no new cookie), and
`RequestCache.can_keep` by what was read (all of it through the cache, under one lease,
not too much).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from flask import session
from structlog.contextvars import clear_contextvars
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_cookie, parse_etags
from werkzeug.routing import RequestRedirect

from kwip import telemetry
from kwip.blueprints import appearance, http, languages, login, rate_limits
from kwip.blueprints.answers import compression
from kwip.blueprints.answers.page_copies import (
    FOR_NGINX,
    FORMAT,
    Copy,
    pack,
    size_of,
    until_this_second_ends,
)
from kwip.blueprints.report import report, request_id
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import RateLimitedError
from kwip.domain.memo import Remembered
from kwip.domain.timelines.pages import DEFAULT_LIMIT, PageRequest
from kwip.recording import note_lookups
from kwip.services.accounts.authentication import Credential
from kwip.text import translation
from kwip.text.translation import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Flask, Response

    from kwip.blueprints.login import Reader
    from kwip.blueprints.table import Policy
    from kwip.services.reading.loader import Lookup

    Header = tuple[str, str]
    _Visitors = Callable[[str], tuple[Reader, str, str] | None]

#: Memory of a process for pages that it has served before.
COPIES_BYTES = 4_000_000
#: How many addresses and cookies it remembers: at most 1 and 2 MB.
MOST_PLACES, MOST_VISITORS = 1_024, 512
#: `Warning` of an answer from the cache while there is no primary.
STALE = '110 - "Response is Stale"'
#: Longer addresses and cookies are left to the app.
MAX_ADDRESS, MAX_COOKIE = 300, 4_096
_FLAG = r"true|false|0|1"
_SHARED = {"limit": r"[1-9]|[1-3][0-9]|40", "order": r"recent|active"}
#: The parameters of cached pages, by area. With any other, or the same one twice, a
#: page is not cached, so nobody can fill the cache with invented ones, except for
#: choices of `fields` and short searches. Nor is a page after a cursor, because it is
#: seldom read twice.
PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "api": {**_SHARED, "local": _FLAG, "repeats": r"fold"},
    "widgets": {
        **_SHARED,
        **dict.fromkeys(("reposts", "media"), _FLAG),
        "replies": f"{_FLAG}|all|approved",
        "shape": r"flat|nested",
        "fields": r"[a-z_,]+",
        "q": r".{1,100}",
        "theme": r"auto|light|dark",
        "show": r"followers|kwips|latest",
        "size": r"1[6-9]|[2-9][0-9]|[1-4][0-9]{2}|50[0-9]|51[0-2]",
        "url": r"https?://.{1,200}",
        "format": r"json",
        "v": r"[0-9a-f]{20}",
        "lang": "|".join(LANGUAGES),
        **dict.fromkeys(("maxwidth", "maxheight"), r"[1-9][0-9]{0,3}"),
    },
    "web": {"order": _SHARED["order"], "repeats": r"fold|show"},
}


@dataclass(frozen=True, slots=True)
class Place:
    """A cached address: its route, what its path names, and which page it is."""

    address: str
    rule: str
    policy: Policy
    named: Mapping[str, Any]
    page: PageRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a page that may be cached: which one, and whose.

    `name` is the page's key in the cache.
    """

    place: Place
    reader: Reader
    name: str
    environ: WSGIEnvironment


class PageCache:
    """WSGI middleware that answers with a cached page, or passes the request on."""

    def __init__(self, app: Flask, site: http.Site):
        self._inner: WSGIApplication = app.wsgi_app
        self._site = site
        self._copies = Remembered[str, Copy](COPIES_BYTES)
        self._place: Callable[[str, str], Place | None] = lru_cache(MOST_PLACES)(
            lambda path, query: _place(app, site, path, query)
        )
        self._visitor: _Visitors = lru_cache(MOST_VISITORS)(
            lambda cookies: _visitor(app, site, cookies)
        )
        # What else answers depend on: the same in all processes of an installation.
        site_text = f"{FORMAT} {site.info} {site.urls} {site.live_origin}"
        site_text += f" {sorted(site.assets.names.items())} {site.assets.url}"
        self._site_digest = _digest(site_text)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        asked = self._asked(environ)
        if asked is None:
            return self._inner(environ, start_response)
        begun = self._begin(asked)
        copy = self._find(begun, asked)
        if copy is None:
            return self._inner(environ, start_response)
        status, headers, body = _answer(begun, asked, copy)
        start_response(f"{status} {status.phrase}", headers)
        client = self._site.log_client(environ.get("REMOTE_ADDR"))
        _report(begun, asked, status, client)
        return [body if environ["REQUEST_METHOD"] == "GET" else b""]

    def _asked(self, environ: WSGIEnvironment) -> Asked | None:
        """Return what is asked for and by whom, if the page may be cached."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return None
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if len(path) + len(query) > MAX_ADDRESS:
            return None
        place = self._place(path, query)
        if place is None or not _takes(place.policy, environ["REQUEST_METHOD"]):
            return None
        found = self._reader(place.policy, environ)
        if found is None:
            return None
        reader, look_text = found
        shown = reader.credential
        # By the user too: a secret with another user's id would be charged to that
        # user.
        whose = "" if shown is None else f"{shown.user_id}.{shown.id.digest}"
        # With other emoji, settings, rules or announcements, all pages are others.
        emojis, settings = self._site.urls.emojis(), self._site.info.settings()
        announced = self._site.services.announcements.key()
        rules = self._site.services.discovery_changes.current()
        versions = f"{emojis.version} {settings.version} {rules.version} {announced}"
        named = f"{self._site_digest} {place.address} {whose} {look_text} {versions}"
        return Asked(place, reader, _digest(named), environ)

    def _reader(
        self, policy: Policy, environ: WSGIEnvironment
    ) -> tuple[Reader, str] | None:
        """Return who asks, and how it looks to them; None if the app has to decide."""
        if policy.auth in {"user", "optional"}:
            cookies = environ.get("HTTP_COOKIE", "")
            found = self._visitor(cookies) if len(cookies) <= MAX_COOKIE else None
            if found is None or (found[0].credential is None and policy.auth == "user"):
                return None
            reader, look, chosen = found
            accepted = environ.get("HTTP_ACCEPT_LANGUAGE", "")
            default = self._site.info.settings().language
            return reader, f"{look} {languages.of_page(chosen, accepted, default)}"
        text = environ.get("HTTP_AUTHORIZATION")
        if policy.auth == "none" or (text is None and policy.auth != "token"):
            return login.Reader(), ""
        credential = Credential.from_header(text or "")
        return None if credential is None else (login.Reader(credential), "")

    def _begin(self, asked: Asked) -> http.Begun:
        policy, environ = asked.place.policy, asked.environ
        services, credential = self._site.services, asked.reader.credential
        request_charge = services.rate_limits.open(
            policy.quota, is_api=policy.is_api, address=environ.get("REMOTE_ADDR")
        )
        return http.Begun(
            time.perf_counter(),
            request_id(
                environ.get("HTTP_X_REQUEST_ID", ""), is_proxied=self._site.is_proxied
            ),
            request_charge,
            services.loaders.begin_read(
                credential.user_id if credential else None,
                request_charge,
                from_secondaries=policy.reads_secondaries(is_visitor=not credential),
            ),
            asked.name,
            self._first(asked),
        )

    def _first(self, asked: Asked) -> tuple[Lookup[Any, Any], ...]:
        """Return the lookups with which a known reader's page begins."""
        credential = asked.reader.credential
        if credential is None or asked.place.policy.page_cache != "home":
            return ()
        timelines = self._site.services.timelines
        return timelines.begin_of_home(credential.user_id, asked.place.page)

    def _find(self, begun: http.Begun, asked: Asked) -> Copy | None:
        """Find the page, in one round trip; else let the app go on from there."""
        copy = self._copies.get(asked.name)
        etag = b"" if copy is None else copy.etag
        guard, *others = self._wants(begun, asked)
        try:
            found = begun.loader.open(asked.name, etag, guard, *others)
        except RateLimitedError as error:
            asked.environ[http.BEGUN] = replace(begun, refusal=error)
            return None
        if found is not None and (copy is None or found.content is not None):
            copy = Copy.of(found)
            self._copies.put(asked.name, copy, size_of(copy))
        lacks_token = asked.reader.form_token is None
        cannot_fill = copy is not None and copy.page.has_form and lacks_token
        is_found = found is not None and not cannot_fill
        telemetry.count_page(is_found=is_found)
        note_lookups("page", "hit" if is_found else "miss")
        if copy is None or not is_found:
            asked.environ[http.BEGUN] = begun
            return None
        return copy

    def _wants(
        self, begun: http.Begun, asked: Asked
    ) -> tuple[Lookup[Any, Any] | None, *tuple[Lookup[Any, Any], ...]]:
        """Return what the app reads first: the viewer, what the path names, home."""
        services, credential = self._site.services, asked.reader.credential
        named = asked.place.named.get("post_id"), asked.place.named.get("username")
        if credential is None:
            return (None, *services.authentication.named(*named))
        begun.request_charge.present(credential.user_id, credential.id.digest)
        guard, *others = services.authentication.wants(credential, *named)
        others += begun.first
        return (guard, *others)


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _place(app: Flask, site: http.Site, path: str, query: str) -> Place | None:
    """Look up a cacheable address; None for any other. Path and query as in WSGI."""
    adapter = app.url_map.bind(site.urls.host)
    try:
        readable = path.encode("latin-1").decode()
        rule, named = adapter.match(readable, method="GET", return_rule=True)
    except (HTTPException, RequestRedirect, UnicodeDecodeError):
        return None
    policy = site.policies[rule.endpoint]
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    area = rule.endpoint.partition(".")[0]
    if policy.page_cache == "no" or not _are_cached(area, pairs):
        return None
    # However it was written: in another order, or with needless escapes.
    address, asked = f"{path}?{urlencode(pairs)}", dict(pairs)
    page = PageRequest(
        limit=int(asked.get("limit", DEFAULT_LIMIT)),
        is_active=asked.get("order") == "active",
    )
    return Place(address, rule.rule, policy, named, page)


def _takes(policy: Policy, method: str) -> bool:
    """Return whether a method is answered here: HEAD only where caches ask for it."""
    return method == "GET" or policy.cache == "widget"


def _are_cached(area: str, pairs: Sequence[tuple[str, str]]) -> bool:
    """Return whether pages with these parameters are cached."""
    known = PARAMETERS[area]
    are_known = all(re.fullmatch(known.get(name, "(?!)"), v) for name, v in pairs)
    return are_known and len(dict(pairs)) == len(pairs)


def _visitor(
    app: Flask, site: http.Site, cookies: str
) -> tuple[Reader, str, str] | None:
    """Return who sent these cookies, the appearance and the language they name.

    None if the app decides.
    """
    try:
        known = parse_cookie(cookies)
    except UnicodeDecodeError:
        return None
    reader = login.reader_of(app, known.get(app.config["SESSION_COOKIE_NAME"]))
    chosen = known.get(appearance.cookie_of(site.urls.origin), "")
    if reader is None:
        return None
    language = known.get(languages.cookie_of(site.urls.origin), "")
    return reader, str(appearance.Appearance.parse(chosen)), language


def _answer(
    begun: http.Begun, asked: Asked, copy: Copy
) -> tuple[HTTPStatus, list[Header], bytes]:
    """Send a page, or 304 if the reader has the same one."""
    environ, policy = asked.environ, asked.place.policy
    own = [("X-Request-Id", begun.request_id)]
    if begun.loader.is_old:
        own.append(("Warning", STALE))
    elif copy.is_for_nginx:
        own.append((FOR_NGINX, until_this_second_ends()))
    if policy.is_api and policy.cache != "widget":
        own += rate_limits.headers(begun.request_charge)
    known = environ.get("HTTP_IF_NONE_MATCH")
    if copy.tag and known and parse_etags(known).contains_weak(copy.tag):
        return HTTPStatus.NOT_MODIFIED, [*own, *copy.headers_unchanged], b""
    if copy.is_whole:
        return HTTPStatus.OK, [*own, *copy.headers], copy.page.parts[0]
    token = asked.reader.form_token or ""
    translation.use(copy.language)
    body = copy.page.fill(lambda: token, system_clock_ms())
    if compression.is_worth_it(environ.get("HTTP_ACCEPT_ENCODING", ""), len(body)):
        body = compression.compressed(body)
        own.append(("Content-Encoding", "gzip"))
    own.append(("Content-Length", str(len(body))))
    return HTTPStatus.OK, [*own, *copy.headers], body


def _report(
    begun: http.Begun, asked: Asked, status: HTTPStatus, client: Mapping[str, str]
) -> None:
    """Log and count an answer as the gate does."""
    clear_contextvars()
    reader = asked.reader.credential
    known: dict[str, object] = dict(client)
    if reader is not None:
        known["viewer_id"] = reader.user_id
    path, rule = asked.environ["PATH_INFO"], asked.place.rule
    known |= {"request_id": begun.request_id}
    report(
        begun.started_s,
        asked.environ["REQUEST_METHOD"],
        path,
        rule,
        int(status),
        **known,
    )


def keep(response: Response) -> None:
    """Cache an answer of the app for later requests, if allowed.

    Its headers are complete, except for those of each single answer; its placeholders
    are not filled yet.
    """
    begun = http.begun()
    if begun is None or response.status_code != HTTPStatus.OK or response.is_streamed:
        return
    is_whole = http.loader() is begun.loader and begun.loader.can_keep
    changes_cookie = session.modified or "Set-Cookie" in response.headers
    if is_whole and not changes_cookie:
        begun.loader.keep(begun.page, *pack(response))
