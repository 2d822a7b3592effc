"""The private servers as children of a supervisor."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kwip.embedded import binaries, mongod, valkey
from kwip.embedded.addresses import embedded_roles
from kwip.embedded.children import Child

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.settings import Settings
    from kwip.embedded.home_folder import HomeFolder


def servers(settings: Settings, home: HomeFolder) -> list[Child]:
    """Return the servers to start for `settings`, in order.

    Raises:
        CannotStartError: If a program is missing or does not run here.
    """
    roles = embedded_roles(settings)
    mongods = [role for role in roles if role == "mongod"]
    valkeys = [role for role in roles if role != "mongod"]
    return [
        *mongod_children(settings, home, mongods),
        *valkey_children(settings, home, valkeys),
    ]


def mongod_children(
    settings: Settings, home: HomeFolder, members: Sequence[str]
) -> list[Child]:
    """Return the MongoDB servers with these names.

    Raises:
        CannotStartError: As `servers`.
    """
    if not members:
        return []
    program = binaries.find(binaries.MONGOD, settings.mongod)
    return [
        Child(
            role=member,
            argv=mongod.command(program, home, settings.mongod_cache_mb, member),
            environ=mongod.ENVIRON,
            is_ready=partial(mongod.listens, home, member),
            # After `kill -9` under heavy load it replays its journal first.
            ready_s=120.0,
        )
        for member in members
    ]


def valkey_children(
    settings: Settings, home: HomeFolder, roles: Sequence[str]
) -> list[Child]:
    """Return the Valkey servers for these roles.

    Raises:
        CannotStartError: As `servers`.
    """
    if not roles:
        return []
    program = binaries.find(binaries.VALKEY, settings.valkey)
    return [
        Child(
            role=role,
            argv=valkey.command(program, home, role, cache_mb=settings.valkey_cache_mb),
            is_ready=partial(valkey.answers, home, role),
        )
        for role in roles
    ]
