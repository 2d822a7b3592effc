"""Ask a CDN or a cache in front of the site to forget files, or answers."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from kwip.domain.timelines import surrogate_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from urllib.parse import SplitResult

#: Instead of the address of a webhook: the site's own addresses are asked.
PURGE = "purge"
_TIMEOUT_S = 5.0
#: What proxies answer about a file that they do not have.
_ABSENT = frozenset({404, 410, 412})


class Cdn:
    """Sends requests that purge files.

    Args:
        hook: `purge` sends the method PURGE to the address of each file. A URL gets one
            POST with `{"files": [address, …]}`, and the password in it as a bearer
            token.
    """

    def __init__(self, hook: str):
        self._hook = hook

    def purge(self, urls: Sequence[str]) -> dict[str, str]:
        """Purge addresses; return what is wrong with those that were not. Never raises.

        After one that gets no answer, the others are not tried.
        """
        if self._hook == PURGE:
            return self._purge_each(urls)
        body = json.dumps({"files": list(urls)}).encode()
        status, why = _request("POST", urlsplit(self._hook), body)
        return {} if _is_ok(status) else dict.fromkeys(urls, why)

    def _purge_each(self, urls: Sequence[str]) -> dict[str, str]:
        wrong: dict[str, str] = {}
        for number, url in enumerate(urls):
            status, why = _request("PURGE", urlsplit(url))
            if not status:
                return wrong | dict.fromkeys(urls[number:], why)
            if not _is_ok(status) and status not in _ABSENT:
                wrong[url] = why
        return wrong


class Edge:
    """Sends requests that purge answers by the keys in their headers.

    Args:
        hook: `purge` sends the method PURGE to `origin`, with `Surrogate-Key`. A URL
            gets one POST with `{"tags": [key, …]}`, and the password in it as a bearer
            token.
    """

    def __init__(self, hook: str, origin: str):
        self._hook = hook
        self._origin = origin

    def forget(self, keys: Sequence[str]) -> dict[str, str]:
        """Purge what has any of these keys; return what failed. Never raises."""
        # Some answers show more than their headers can name.
        named = [*keys, surrogate_keys.MANY]
        if self._hook == PURGE:
            headers = {"Surrogate-Key": " ".join(named)}
            status, why = _request("PURGE", urlsplit(f"{self._origin}/"), None, headers)
        else:
            body = json.dumps({"tags": named}).encode()
            status, why = _request("POST", urlsplit(self._hook), body)
        return {} if _is_ok(status) else dict.fromkeys(keys, why)


def _request(
    method: str,
    to: SplitResult,
    body: bytes | None = None,
    more: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Send a request; return the status and a description, or 0 and what failed."""
    is_secure = to.scheme == "https"
    kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
    headers = {"Content-Type": "application/json"} if body else {**(more or {})}
    if to.password:
        headers["Authorization"] = f"Bearer {unquote(to.password)}"
    target = f"{to.path or '/'}{'?' if to.query else ''}{to.query}"
    connection = kind(to.hostname or "", to.port, timeout=_TIMEOUT_S)
    try:
        connection.request(method, target, body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return 0, f"no answer from {to.hostname}: {error}"
    else:
        return status, f"{to.hostname} answered {status}"
    finally:
        connection.close()


def _is_ok(status: int) -> bool:
    return http.HTTPStatus.OK <= status < http.HTTPStatus.MULTIPLE_CHOICES
