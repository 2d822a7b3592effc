"""The private servers as children of a supervisor."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kwip.embedded import binaries, mongod, valkey
from kwip.embedded.addresses import embedded_roles
from kwip.embedded.children import Child

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.embedded.home_folder import HomeFolder


def servers(settings: Settings, home: HomeFolder) -> list[Child]:
    """Return the servers to start for `settings`, in order.

    Raises:
        CannotStartError: If a program is missing or does not run here.
    """
    roles = embedded_roles(settings)
    children = []
    if "mongod" in roles:
        program = binaries.find(binaries.MONGOD, settings.mongod)
        children.append(
            Child(
                role="mongod",
                argv=mongod.command(program, home, settings.mongod_cache_mb),
                environ=mongod.ENVIRON,
                is_ready=partial(mongod.listens, home),
                # After `kill -9` under heavy load it replays its journal first.
                ready_s=120.0,
            )
        )
    caches = [role for role in roles if role != "mongod"]
    if caches:
        program = binaries.find(binaries.VALKEY, settings.valkey)
        children += [
            Child(
                role=role,
                argv=valkey.command(
                    program, home, role, cache_mb=settings.valkey_cache_mb
                ),
                is_ready=partial(valkey.answers, home, role),
            )
            for role in caches
        ]
    return children
