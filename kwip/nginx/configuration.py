"""The configuration of nginx in front of Kwip, made from the settings.

The template is `nginx.conf.jinja`. Which addresses are cached or take files is written
here; a test compares that with the route table, which would cost a supervisor much
memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.values import SAME
from kwip.domain.errors import InvalidError
from kwip.domain.media.attachments import MAX_IMAGES, VIDEO_MAX_BYTES
from kwip.domain.media.media import INTERNAL_PATH
from kwip.embedded.home_folder import HomeFolder
from kwip.nginx.upstreams import listing
from kwip.text.translation import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from config.settings import Settings

#: For the other fields of a form with files.
_FORM_BYTES = 1_000_000
_TEMPLATE = "nginx.conf.jinja"
#: Which addresses are the same for everybody, take files, and are open files.
PATTERNS = {
    "shared": r"^/(?:api/(?:widgets/|oembed)|embed/|badge/|card/)"
    r"|^/(?!api/|assets/|media/).+\.(?:rss|atom|json)$",
    "uploads": r"^/(?:settings/profile|settings/data/import|welcome|drafts|scheduled"
    r"|compose|compose/media|@[^/]+/[0-9]+/edit|admin/emoji"
    r"|api/v1/accounts/update_credentials|api/v[12]/media|api/v1/media/[0-9]+)/?$",
    "media": r"^/media/(?<kwip_file>[0-9a-f]{2}/[0-9a-f]{32}"
    r"-(?:[0-9]{2,4}|large|small|video|audio|preview)\.[a-z0-9]{3,4})$",
    "files": r"^/(?:assets|avatars|media|static|widgets/v1)/",
}
#: What Kwip says of its files.
_PRIVATE_HEADERS = (
    "X-Request-Id $request_id",
    "X-Content-Type-Options nosniff",
    "Referrer-Policy same-origin",
    "Content-Security-Policy \"default-src 'none'; sandbox\"",
)
_FILE_HEADERS = (
    *_PRIVATE_HEADERS,
    'Cache-Control "public, max-age=31536000, immutable"',
    "Access-Control-Allow-Origin *",
    "Cross-Origin-Resource-Policy cross-origin",
)
_ERROR_HEADERS = (
    *_PRIVATE_HEADERS,
    "Cache-Control no-store",
    "Access-Control-Allow-Origin *",
)
_HSTS = "Strict-Transport-Security max-age=31536000"
_ERRORS = (
    ("too_large", 413, "The request is too large. Send a smaller file or less text."),
    ("too_many", 429, "Too many requests. Try again in a few seconds."),
    ("unreachable", 503, "This site is not responding. Try again in a few seconds."),
)
#: The field of the access log for a client's address, by `KWIP_LOG_CLIENTS`.
_CLIENTS = {
    "full": '"address": "$remote_addr", ',
    "network": '"address": "$kwip_client", ',
    "none": "",
}
_SERVER = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}|unix:/[\w./-]+")
_LISTEN = re.compile(r"(?:(?:[0-9.]+|\[[0-9A-Fa-f:]+\]):)?[0-9]{1,5}")
_NETWORK = re.compile(r"[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?")
_USER = re.compile(r"[a-z_][a-z0-9_-]*")
#: What ends or changes a quoted word of nginx's configuration.
_UNSAFE_IN_PATH = re.compile(r'["\\$\x00-\x1f]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """What the settings don't know about nginx and the servers behind it.

    `web`, `write` and `live` are addresses such as `10.0.0.5:8000`; empty ones are
    those of this machine, and writes go to the same servers as reads. `listen` has
    ports or addresses with ports, by default all addresses and the port of the site.
    `trusted` are networks of proxies in front of this one. `rate` is in requests per
    second, for each address; 0 is no limit, as for `connections`. `folder` is for the
    files that nginx writes, instead of Debian's; None as `user` is whoever starts it.
    With `watched`, the servers are in `lists`, which `kwip upstreams watch` keeps.
    """

    web: Sequence[str] = ()
    write: Sequence[str] = ()
    live: Sequence[str] = ()
    listen: Sequence[str] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    assets: Path | None = None
    trusted: Sequence[str] = ()
    rate: int = 50
    connections: int = 200
    watched: bool = False
    folder: Path | None = None
    user: str | None = "www-data"


def configuration(settings: Settings, proxy: Proxy) -> str:
    """Return a whole nginx.conf for a site with these settings.

    Raises:
        InvalidError: A setting or an option does not fit; `fields` names each.
    """
    wrong = dict(_problems(settings, proxy))
    if wrong:
        raise InvalidError("nginx can't be configured.", wrong)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 -- not HTML; `_problems` has checked the values
    )
    return environment.get_template(_TEMPLATE).render(_values(settings, proxy))


def lists(settings: Settings, proxy: Proxy) -> Mapping[str, str]:
    """Return the list of servers of each pool, for `kwip.nginx.upstreams`."""
    return {name: listing(pool) for name, pool in _pools(settings, proxy).items()}


def _pools(settings: Settings, proxy: Proxy) -> Mapping[str, Sequence[str]]:
    """Return the servers of each block `upstream`."""
    web = proxy.web or [f"{_local(settings)}:{settings.port}"]
    pools = {"kwip_read": web, "kwip_write": proxy.write or web}
    if settings.live_port:
        live = proxy.live or [f"{_local(settings)}:{settings.live_port}"]
        pools["kwip_live"] = live
    return pools


def _values(settings: Settings, proxy: Proxy) -> Mapping[str, object]:
    origin = urlsplit(settings.origin)
    is_https = origin.scheme == "https"
    port = origin.port or (443 if is_https else 80)
    hsts = [_HSTS] if is_https else []
    media = settings.media_folder if settings.media_by_proxy else None
    return {
        "origin": settings.origin,
        "host": origin.hostname,
        "is_https": is_https,
        "listen": proxy.listen or [str(port), f"[::]:{port}"],
        "plain": ["80", "[::]:80"] if is_https and not proxy.listen else [],
        # As `kwip.blueprints.login` names it.
        "cookie": f"kwip_{origin.port}" if origin.port else "kwip",
        "pools": _pools(settings, proxy),
        "lists": _quoted(HomeFolder(settings.home.absolute()).upstreams),
        "watched": proxy.watched,
        "tls_cert": _quoted(proxy.tls_cert),
        "tls_key": _quoted(proxy.tls_key),
        "assets": _quoted(proxy.assets, "/"),
        "media": media,
        "media_folder": _quoted(media, "/"),
        "media_file": _quoted(media, "/$kwip_file"),
        "internal_path": INTERNAL_PATH,
        "upload_bytes": _FORM_BYTES
        + max(MAX_IMAGES * settings.media_max_bytes, VIDEO_MAX_BYTES),
        "patterns": PATTERNS,
        "languages": "|".join(LANGUAGES),
        "file_headers": [*_FILE_HEADERS, *hsts],
        "private_headers": [*_PRIVATE_HEADERS, *hsts],
        "error_headers": [*_ERROR_HEADERS, *hsts],
        "errors": _ERRORS,
        "trusted": proxy.trusted,
        "rate": proxy.rate,
        "connections": proxy.connections,
        "user": proxy.user,
        "log_clients": settings.log_clients,
        "client": _CLIENTS[settings.log_clients],
        **_places(proxy.folder),
    }


def _places(folder: Path | None) -> Mapping[str, str]:
    """Return where nginx writes: in `folder`, or in Debian's places."""
    if folder is None:
        return {
            "pid": "/run/nginx.pid",
            "error_log": "/var/log/nginx/error.log",
            "access_log": "/var/log/nginx/access.log",
            "cache": "/var/cache/nginx-kwip",
            "temporary": "",
        }
    return {
        "pid": _quoted(folder, "/nginx.pid"),
        "error_log": _quoted(folder, "/error.log"),
        "access_log": _quoted(folder, "/access.log"),
        "cache": _quoted(folder, "/cache"),
        "temporary": str(folder),
    }


def _quoted(path: Path | None, then: str = "") -> str:
    return f'"{path}{then}"' if path else ""


def _local(settings: Settings) -> str:
    """Return where this machine's own servers are reached."""
    bind = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.bind, settings.bind)  # noqa: S104
    return f"[{bind}]" if ":" in bind else bind


def _problems(settings: Settings, proxy: Proxy) -> Iterator[tuple[str, str]]:
    """Yield which settings and options do not fit, and what to do."""
    is_https = settings.origin.startswith("https:")
    if not settings.trusted_proxies:
        yield "KWIP_TRUSTED_PROXIES", "Set it to 1, for nginx itself."
    if settings.live_port and settings.live_origin not in {SAME, settings.origin}:
        yield "KWIP_LIVE_ORIGIN", "Set it to `same`: nginx routes /poll/."
    for name, path in (("--tls-cert", proxy.tls_cert), ("--tls-key", proxy.tls_key)):
        if is_https and path is None:
            yield name, "Give the path of a file, because KWIP_ORIGIN has https."
        elif path is not None and not is_https:
            yield name, "Leave it out, or set KWIP_ORIGIN to an address with https."
    yield from _unreadable(settings, proxy)


def _unreadable(settings: Settings, proxy: Proxy) -> Iterator[tuple[str, str]]:
    """Yield what would not be one word in the configuration."""
    words: dict[str, tuple[re.Pattern[str], Sequence[str], str]] = {
        "--web": (_SERVER, proxy.web, "HOST:PORT"),
        "--write": (_SERVER, proxy.write, "HOST:PORT"),
        "--live": (_SERVER, proxy.live, "HOST:PORT"),
        "--listen": (_LISTEN, proxy.listen, "a port, or ADDRESS:PORT"),
        "--trusted-proxy": (_NETWORK, proxy.trusted, "an address such as 10.0.0.0/8"),
        "--user": (_USER, [proxy.user] if proxy.user else [], "a user name"),
    }
    for name, (pattern, texts, allowed) in words.items():
        for text in texts:
            if pattern.fullmatch(text) is None:
                yield name, f"{text!r} must be {allowed}."
    paths = {
        "--tls-cert": proxy.tls_cert,
        "--tls-key": proxy.tls_key,
        "--assets": proxy.assets,
        "--folder": proxy.folder,
        "KWIP_MEDIA_FOLDER": settings.media_folder,
        "KWIP_HOME": settings.home if proxy.watched else None,
    }
    for name, path in paths.items():
        if path is not None and _UNSAFE_IN_PATH.search(str(path)):
            yield name, "Use a path without quotes, backslashes and dollar signs."
