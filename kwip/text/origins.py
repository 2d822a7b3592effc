"""Read the sites that people name in a setting: one https address a line."""

from __future__ import annotations

from urllib.parse import urlsplit

from kwip.domain.accounts.users import MAX_EMBED_ORIGINS
from kwip.text.hosts import ascii_host
from kwip.text.translation import gettext

_HTTPS_PORT = 443
#: How much of a wrong line an error repeats, in characters.
_SHOWN = 60


def clean_origins(name: str, text: str, wrong: dict[str, str]) -> tuple[str, ...]:
    """Return each origin once, in order; add the first wrong line to `wrong`.

    They are safe in a header: nothing but a scheme, a host in ASCII, and a port.
    """
    found: dict[str, None] = {}
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines, 1):
        origin = _origin(line)
        if line and origin is None:
            wrong[name] = gettext(
                "Line %(number)s: enter an address that begins with https:// and has"
                " no path, like https://example.org, instead of “%(line)s”.",
                number=number,
                line=line[:_SHOWN],
            )
            return ()
        if origin is not None:
            found[origin] = None
    if len(found) > MAX_EMBED_ORIGINS:
        wrong[name] = gettext(
            "Enter up to %(most)s sites. These are %(count)s.",
            most=MAX_EMBED_ORIGINS,
            count=len(found),
        )
    return tuple(found)


def _origin(line: str) -> str | None:
    """Return the origin of an https address without a path; None for anything else."""
    try:
        parts = urlsplit(line)
        host, port = ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    is_whole = f"https://{parts.netloc}".lower() == line.rstrip("/").lower()
    # A policy knows no underscore in a host.
    if not is_whole or "@" in parts.netloc or host is None or "_" in host:
        return None
    return f"https://{host}" + (f":{port}" if port not in {None, _HTTPS_PORT} else "")
