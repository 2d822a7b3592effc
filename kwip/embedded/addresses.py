"""Determine where an installation's services are, without starting anything."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from config.endpoints import Endpoints
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.retired_keys import retired_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.settings import Settings

#: The user of the private servers, and the database of an installation.
USER = "kwip"
DATABASE = "kwip"
REPLICA_SET = "kwip"


def endpoints(settings: Settings) -> Endpoints:
    """Return the endpoints of the installation in `settings.home`.

    Passwords are generated on first use, so that a first `kwip up` and all commands run
    at the same time agree on them.

    Raises:
        CannotStartError: If a secret cannot be read or created or is weak, or the
            folder of the sockets belongs to somebody else.
    """
    home = HomeFolder(settings.home)
    keys = settings.secret_keys or settings.secret_keys_in_file or home.secret_keys()
    home.check_sockets()
    mongodb_uri = settings.mongodb_uri or mongodb_address(home)
    queue = settings.redis_queue_uri or valkey_address(home, "valkey-queue")
    realtime = settings.redis_realtime_uri or valkey_address(
        home, "valkey-queue", database=1
    )
    caches = dict(settings.redis_cache_uris or {})
    own = caches.pop(settings.cache_node, "") or settings.redis_cache_uri
    return Endpoints(
        mongodb_uri=mongodb_uri,
        database=urlsplit(mongodb_uri).path.strip("/") or DATABASE,
        redis_cache_uri=own or valkey_address(home, "valkey-cache"),
        cache_node=settings.cache_node,
        other_cache_uris=caches,
        redis_queue_uri=queue,
        redis_realtime_uri=realtime,
        secret_keys=keys,
        retired_keys=retired_keys(home),
        push_key=settings.push_key or home.secret("push"),
    )


def mongodb_address(home: HomeFolder, members: Sequence[str] = ("mongod",)) -> str:
    """Return the URI of the private MongoDB of `home`, password included."""
    sockets = ",".join(quote(str(home.socket(m)), safe="") for m in members)
    return (
        f"mongodb://{USER}:{home.secret('mongodb')}@{sockets}/?replicaSet={REPLICA_SET}"
    )


def valkey_address(home: HomeFolder, role: str, *, database: int = 0) -> str:
    """Return the URI of a private Valkey of `home`, password included."""
    return f"unix://:{home.secret(role)}@{home.socket(role)}?db={database}"


def embedded_roles(settings: Settings) -> list[str]:
    """Return the servers that no `KWIP_…_URI` replaces, in the order of starting."""
    needed = {
        "mongod": settings.mongodb_uri is None,
        "valkey-cache": settings.redis_cache_uri is None
        and settings.redis_cache_uris is None,
        "valkey-queue": settings.redis_queue_uri is None
        or settings.redis_realtime_uri is None,
    }
    return [role for role, embedded in needed.items() if embedded]
