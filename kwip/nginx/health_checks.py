"""Ask servers over HTTP whether they are ready, all at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kwip.nginx.upstreams import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How often servers are asked, and how long those in use and the others may take. An
#: overloaded server answers after half a second, if only with 503
#: (`kwip.web_worker.PATIENCE_S`); one that hangs must be out within 2 s.
EVERY_S, WITHIN_S, OTHERS_WITHIN_S = 0.5, 1.2, 0.5
_REQUEST = (
    "GET /readyz HTTP/1.1\r\nHost: {host}\r\nUser-Agent: kwip upstreams\r\n"
    "Connection: close\r\n\r\n"
)
_UNIX = "unix:"
_UNREADY = (b'"unready"', b'"draining"')


async def check_all(servers: Mapping[str, bool]) -> dict[str, Check]:
    """Return what a check of each server found; the values say which are out of use.

    Takes `WITHIN_S` at most, and less if only servers hang that are out of use anyway.
    """
    checks = await asyncio.gather(
        *(
            check(address, OTHERS_WITHIN_S if is_down else WITHIN_S)
            for address, is_down in servers.items()
        )
    )
    return dict(zip(servers, checks, strict=True))


async def check(address: str, within_s: float) -> Check:
    """Ask one server, `HOST:PORT` or `unix:PATH`."""
    try:
        async with asyncio.timeout(within_s):
            return _verdict(await _answer(address))
    except TimeoutError:
        detail = f"no answer within {within_s} s"
        return Check(is_ok=False, detail=detail, is_silent=True)
    except (ConnectionRefusedError, FileNotFoundError):
        return Check(is_ok=False, detail="connection refused", is_refused=True)
    except (ValueError, OverflowError):
        return Check(is_ok=False, detail="not an address: use HOST:PORT or unix:PATH")
    except OSError as error:
        return Check(is_ok=False, detail=error.strerror or str(error))


async def _answer(address: str) -> bytes:
    if address.startswith(_UNIX):
        opening = asyncio.open_unix_connection(address.removeprefix(_UNIX))
    else:
        host, _, port = address.rpartition(":")
        opening = asyncio.open_connection(host.strip("[]"), int(port))
    reader, writer = await opening
    try:
        host = "localhost" if address.startswith(_UNIX) else address
        writer.write(_REQUEST.format(host=host).encode("ascii"))
        return await reader.read()
    finally:
        writer.transport.abort()


def _verdict(answer: bytes) -> Check:
    """Read an answer. A 503 of a server that is only busy says none of `_UNREADY`."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head[:12].rpartition(b" ")[2]
    is_unready = any(word in body for word in _UNREADY)
    if status == b"200" or (status == b"503" and not is_unready):
        return Check(is_ok=True)
    if not status:
        return Check(is_ok=False, detail="no answer")
    word = "not ready" if status == b"503" else status.decode("ascii", "replace")
    return Check(is_ok=False, detail=word)
