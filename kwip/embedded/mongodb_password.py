"""Change the password of the private MongoDB, at a start."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from kwip.embedded.addresses import USER, mongodb_address
from kwip.embedded.errors import CannotStartError
from kwip.embedded.replica_set import set_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.embedded.home_folder import HomeFolder

_NAME, _NEXT = "mongodb", "mongodb.next"
_ANSWER_MS = 10_000
_AUTHENTICATION_FAILED = 18


def stage(home: HomeFolder) -> None:
    """Draw the password that the next start sets; what runs keeps the one it has."""
    home.replace_secret(_NEXT, secrets.token_urlsafe(48))


def set_up_with_password(
    home: HomeFolder, members: Sequence[str], *, deadline_s: float
) -> None:
    """Do what `replica_set.set_up` does, and set the password that is staged, if any.

    Can be repeated after a crash at any point: while a password is staged, the servers
    may know it already.

    Raises:
        CannotStartError: As `set_up` does, or the password cannot be set.
    """
    path = home.root / "secrets" / _NEXT
    staged = home.secret(_NEXT) if path.exists() else None
    try:
        if staged is not None and _is_known(home, members, staged):
            # An earlier start ended right after it had set this one.
            home.replace_secret(_NAME, staged)
        password = home.secret(_NAME)
        set_up(home, password, deadline_s=deadline_s, members=members)
        if staged is None:
            return
        with _client(mongodb_address(home, members)) as client:
            client.admin.command("updateUser", USER, pwd=staged)
    except PyMongoError as error:
        raise CannotStartError(
            f"the new password of mongod could not be set ({type(error).__name__}):"
            " start Kwip again"
        ) from error
    home.replace_secret(_NAME, staged)
    path.unlink()


def _is_known(home: HomeFolder, members: Sequence[str], password: str) -> bool:
    """Return whether any server knows a password: one that lags may not know it yet."""
    return any(_knows(home, member, password) for member in members)


def _knows(home: HomeFolder, member: str, password: str) -> bool:
    host = quote(str(home.socket(member)), safe="")
    try:
        with _client(f"mongodb://{USER}:{password}@{host}/?directConnection=true") as c:
            c.admin.command("connectionStatus")
    except OperationFailure as error:
        if error.code != _AUTHENTICATION_FAILED:
            raise
        return False
    return True


def _client(uri: str) -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(uri, timeoutMS=_ANSWER_MS, maxPoolSize=1)
