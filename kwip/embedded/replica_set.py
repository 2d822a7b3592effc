"""Make private MongoDB servers the members of a replica set, with our user.

Transactions and majority reads need a replica set, so a single server is one too. A
member's name is the path of its socket, so it must be updated if the folder was moved.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from kwip.embedded.addresses import REPLICA_SET, USER
from kwip.embedded.errors import CannotStartError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.embedded.home_folder import HomeFolder

Client = pymongo.MongoClient[dict[str, Any]]

_AUTHENTICATION_FAILED = 18
_ALREADY_INITIALISED = 23
#: What a server that was asked at the end of the time may still take to answer.
_LAST_ANSWER_S = 1.0
_POLL_S = 0.02
#: The states of a member that has the data: primary and secondary.
_WHOLE = {1, 2}
#: Measured with `kill -9` and SIGSTOP of the primary: the longest stall of a writer is
#: 2.2 and 2.6 s with these, and 12 and 26 s with MongoDB's defaults. Whoever wins an
#: election has what was acknowledged and need not catch up, which would wait for an
#: answer of a primary that hangs.
_SETTINGS = {
    "electionTimeoutMillis": 1_500,
    "heartbeatIntervalMillis": 500,
    "catchUpTimeoutMillis": 0,
}


def set_up(
    home: HomeFolder,
    password: str,
    *,
    deadline_s: float,
    members: Sequence[str] = ("mongod",),
) -> None:
    """Make listening servers of `home` a replica set with a primary and our user.

    Can be repeated after a crash at any point. Cost: 30 ms on a server that is already
    set up, below 1 s on a new one or after a move, some seconds for three new ones.

    Raises:
        CannotStartError: If it is not complete after `deadline_s`.
    """
    hosts = [str(home.socket(member)) for member in members]
    end = time.monotonic() + deadline_s
    try:
        with ExitStack() as opened:
            clients = [opened.enter_context(_client(h, password, end)) for h in hosts]
            if not any(_is_member(client, hosts) for client in clients):
                _first_set_up(hosts, password, end)
            _wait_for_the_others(_primary(clients, end), end)
    except PyMongoError as error:
        raise CannotStartError(f"mongod is not responding: {error}") from error


def _client(host: str, password: str | None, end: float) -> Client:
    """Return a client of one server, which may take all the time that is left."""
    left_s = max(_LAST_ANSWER_S, end - time.monotonic())
    login = f"{USER}:{password}@" if password else ""
    return pymongo.MongoClient(
        f"mongodb://{login}{quote(host, safe='')}/?directConnection=true",
        timeoutMS=int(left_s * 1_000),
        maxPoolSize=1,
    )


def _is_member(client: Client, hosts: Sequence[str]) -> bool:
    """Return whether a server is already set up; follow a move of its folder."""
    try:
        config = client.local["system.replset"].find_one()
    except OperationFailure as error:
        if error.code != _AUTHENTICATION_FAILED:
            raise CannotStartError(f"mongod: {error}") from error
        return False
    if config is not None and [m["host"] for m in config["members"]] != hosts:
        for member, host in zip(config["members"], hosts, strict=True):
            member["host"] = host
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
    return True


def _first_set_up(hosts: Sequence[str], password: str, end: float) -> None:
    """Initiate the set and create its first user, which needs no login.

    MongoDB lets a local connection create one user while there is none.
    """
    config = {
        "_id": REPLICA_SET,
        "members": [{"_id": i, "host": host} for i, host in enumerate(hosts)],
        "settings": _SETTINGS,
    }
    try:
        with _client(hosts[0], None, end) as client:
            try:
                client.admin.command("replSetInitiate", config)
            except OperationFailure as error:
                if error.code != _ALREADY_INITIALISED:
                    raise
            # The others have no data yet, so they cannot be elected.
            _primary([client], end).admin.command(
                "createUser",
                USER,
                pwd=password,
                roles=["root"],
                writeConcern={"w": 1, "j": True},
            )
    except PyMongoError as error:
        if error.timeout:
            raise CannotStartError(
                "mongod did not answer in time: start Kwip again, when the machine is"
                " less busy"
            ) from error
        raise CannotStartError(
            f"mongod could not be set up ({error}): the password in secrets/mongodb"
            " must match the one its data was created with"
        ) from error


def _primary(clients: Sequence[Client], end: float) -> Client:
    while True:
        for client in clients:
            # One that has lost its data does not know our user until it has it again.
            with suppress(OperationFailure):
                if client.admin.command("hello")["isWritablePrimary"]:
                    return client
        _pause(end, "no mongod became primary in time: see its log")


def _wait_for_the_others(primary: Client, end: float) -> None:
    """Wait until each member has the data: before that, losing one stops all writes."""
    while True:
        members = primary.admin.command("replSetGetStatus")["members"]
        if all(member["state"] in _WHOLE for member in members):
            return
        _pause(end, "not every mongod has copied the data in time: see their logs")


def _pause(end: float, otherwise: str) -> None:
    if time.monotonic() > end:
        raise CannotStartError(otherwise)
    time.sleep(_POLL_S)
