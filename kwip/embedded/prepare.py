"""Prepare the databases for the programs; `kwip.cli.starting.prepare` runs it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from config.endpoints import without_password
from kwip.embedded.errors import CannotStartError
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.mongod import listens
from kwip.embedded.mongodb_password import set_up_with_password
from kwip.embedded.probes import Answer, ask_mongodb, ask_redis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from config.settings import Settings

_PRIMARY_S = 30.0
_POLL_S = 0.02


def prepare(settings: Settings, members: Sequence[str] = ()) -> None:
    """Set up the private MongoDB, and check the servers that replace private ones.

    `members` are the private servers of a replica set, if there are several.

    Raises:
        CannotStartError: If one of them cannot be used.
    """
    own = members or (["mongod"] if settings.mongodb_uri is None else [])
    home = HomeFolder(settings.home)
    # The supervisor gives up if MongoDB does not start.
    while not all(listens(home, member) for member in own):
        time.sleep(_POLL_S)
    if own:
        set_up_with_password(home, own, deadline_s=_PRIMARY_S)
    check_outside(settings)


def check_outside(settings: Settings, *, may_be_away: bool = False) -> list[str]:
    """Check the servers that replace private ones.

    Returns a line for each Redis that does not respond, if those `may_be_away`.

    Raises:
        CannotStartError: If one of them cannot be used; names its variable.
    """
    away = []
    for variable, uri, answer in _outside(settings):
        line = f"{variable}: {without_password(uri)} {answer.detail}"
        if answer.is_away and may_be_away:
            away.append(line)
        elif not answer.is_ok:
            raise CannotStartError(line)
    return away


def require_outside(settings: Settings, *, may_be_away: bool = False) -> list[str]:
    """Check that every server is one that replaces a private one, and can be used.

    Returns a line for each Redis that does not respond, if those `may_be_away`: Kwip
    works without them, and uses them as soon as they are back.

    Raises:
        CannotStartError: If one is missing or cannot be used; names the variables.
    """
    chosen = {
        "KWIP_MONGODB_URI": settings.mongodb_uri,
        "KWIP_REDIS_CACHE_URI": settings.redis_cache_uri or settings.redis_cache_uris,
        "KWIP_REDIS_QUEUE_URI": settings.redis_queue_uri,
        "KWIP_REDIS_REALTIME_URI": settings.redis_realtime_uri,
    }
    missing = [variable for variable, value in chosen.items() if not value]
    if missing:
        raise CannotStartError(
            f"{', '.join(missing)}: must be set, because only `kwip up` starts servers"
        )
    return check_outside(settings, may_be_away=may_be_away)


def _outside(settings: Settings) -> Iterator[tuple[str, str, Answer]]:
    if settings.mongodb_uri:
        uri = settings.mongodb_uri
        yield "KWIP_MONGODB_URI", uri, ask_mongodb(uri)
    for uri in (settings.redis_cache_uris or {}).values():
        yield "KWIP_REDIS_CACHE_URIS", uri, ask_redis(uri, is_cache=True)
    for variable, redis_uri in (
        ("KWIP_REDIS_CACHE_URI", settings.redis_cache_uri),
        ("KWIP_REDIS_QUEUE_URI", settings.redis_queue_uri),
        ("KWIP_REDIS_REALTIME_URI", settings.redis_realtime_uri),
    ):
        if redis_uri:
            is_cache = variable == "KWIP_REDIS_CACHE_URI"
            yield variable, redis_uri, ask_redis(redis_uri, is_cache=is_cache)
