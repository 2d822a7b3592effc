"""Check whether a MongoDB or a Redis can be used, whoever runs it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pymongo
import redis
from pymongo.errors import OperationFailure, PyMongoError
from redis.backoff import NoBackoff
from redis.retry import Retry

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

_ANSWER_S = 3.0
#: States of members that do their part, and how far behind they may be.
_WORKING = {"PRIMARY", "SECONDARY", "ARBITER"}
_MOST_LAG_S = 10.0
_OLDEST_MONGODB = (6, 0)
_UNAUTHORIZED, _AUTHENTICATION_FAILED = 13, 18
_OLDEST_REDIS = (6, 2)


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a check.

    Attributes:
        is_ok: Whether Kwip can work with the service.
        detail: Its version, or what is wrong and what to do.
        findings: What works, but is not safe for Kwip.
        is_away: It does not respond now, but may later.
    """

    is_ok: bool
    detail: str
    findings: list[str] = field(default_factory=list)
    is_away: bool = False


def ask_mongodb(uri: str) -> Answer:
    """Check for a primary of a replica set, or a sharded cluster; 3 s at most.

    Cost: 3 commands on a connection of its own.
    """
    try:
        with pymongo.MongoClient[dict[str, Any]](
            uri, timeoutMS=int(_ANSWER_S * 1_000), maxPoolSize=1
        ) as client:
            hello = client.admin.command("hello")
            version = str(client.server_info()["version"])
            if _is_usable(hello):
                # The first command that needs a login.
                client.get_default_database("kwip").list_collection_names()
    except OperationFailure as error:
        return Answer(is_ok=False, detail=_refusal(error))
    except (PyMongoError, ValueError) as error:
        return Answer(is_ok=False, detail=f"is not responding: {_one_line(error)}")
    if not _is_usable(hello):
        return Answer(
            is_ok=False,
            detail="is not a replica set: start mongod with --replSet and run"
            " rs.initiate() once",
        )
    if _version(version) < _OLDEST_MONGODB:
        return Answer(
            is_ok=False, detail=f"is MongoDB {version}: Kwip needs 6.0 or newer"
        )
    return Answer(is_ok=True, detail=f"MongoDB {version}")


def _is_usable(hello: Mapping[str, Any]) -> bool:
    """Return whether it is a member of a replica set, or routes to shards."""
    return "setName" in hello or hello.get("msg") == "isdbgrid"


def _refusal(error: OperationFailure) -> str:
    """Say why MongoDB refuses; the driver's text has its whole answer."""
    if error.code == _AUTHENTICATION_FAILED:
        return (
            "rejects the username or password: check them, and `authSource`, the"
            " database in which the user was created"
        )
    if error.code == _UNAUTHORIZED:
        return "does not allow this user to use the database: grant it `readWrite`"
    return f"refuses: {_one_line(error)}"


def with_members(uri: str, answer: Answer) -> Answer:
    """Add the state of the other members of a replica set; 3 s at most.

    Cost: 1 command, which needs the role `clusterMonitor`. Without it, the detail says
    that members were not checked.
    """
    if not answer.is_ok:
        return answer
    try:
        with pymongo.MongoClient[dict[str, Any]](
            uri, timeoutMS=int(_ANSWER_S * 1_000), maxPoolSize=1
        ) as client:
            members = client.admin.command("replSetGetStatus")["members"]
    except (PyMongoError, ValueError) as error:
        if isinstance(error, OperationFailure) and error.code == _UNAUTHORIZED:
            missing = "members not checked: the user lacks the role `clusterMonitor`"
            return replace(answer, detail=f"{answer.detail}, {missing}")
        return answer  # a sharded cluster, or none that responds any more
    if len(members) == 1:
        return answer
    newest = max(member["optimeDate"] for member in members if "optimeDate" in member)
    states = ", ".join(f"{member['stateStr'].lower()}" for member in members)
    return Answer(
        is_ok=True,
        detail=f"{answer.detail}: {states}",
        findings=[*answer.findings, *_member_findings(members, newest)],
    )


def _member_findings(
    members: list[dict[str, Any]], newest: dt.datetime
) -> Iterator[str]:
    for member in members:
        name, state = member["name"], member["stateStr"]
        if state not in _WORKING:
            yield f"member {name} is {state.lower().strip('()')}: see its log"
        elif state != "ARBITER":
            lag_s = (newest - member["optimeDate"]).total_seconds()
            if lag_s > _MOST_LAG_S:
                yield f"member {name} is {lag_s:.0f} s behind the newest one"


def ask_redis(uri: str, *, is_cache: bool) -> Answer:
    """Check version and persistence; 3 s at most. Cost: 1 command."""
    try:
        with redis.Redis.from_url(
            uri,
            socket_timeout=_ANSWER_S,
            socket_connect_timeout=_ANSWER_S,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        ) as client:
            info: dict[str, Any] = client.info()
    except redis.AuthenticationError:
        return Answer(is_ok=False, detail="rejects the password, or needs one")
    except (redis.RedisError, ValueError) as error:
        detail = f"is not responding: {_one_line(error)}"
        is_away = isinstance(error, redis.ConnectionError | redis.TimeoutError)
        return Answer(is_ok=False, detail=detail, is_away=is_away)
    version = str(info.get("valkey_version") or info["redis_version"])
    name = "Valkey" if "valkey_version" in info else "Redis"
    if _version(version) < _OLDEST_REDIS:
        return Answer(
            is_ok=False, detail=f"is {name} {version}: Kwip needs 6.2 or newer"
        )
    wrong = _cache_findings(info) if is_cache else _queue_findings(info)
    return Answer(is_ok=True, detail=f"{name} {version}", findings=wrong)


def _cache_findings(info: dict[str, Any]) -> list[str]:
    """Report persistence: a restarted cache could return what had been invalidated."""
    wrong = []
    if info["aof_enabled"]:
        wrong.append("the cache uses AOF: set `appendonly no`")
    if info["connected_slaves"] or info["role"] != "master":
        wrong.append("the cache has replicas: use a server without replicas")
    if info["maxmemory"] and "lfu" not in info["maxmemory_policy"]:
        wrong.append(
            "the cache does not evict by usage: set `maxmemory-policy allkeys-lfu`"
        )
    return wrong


def _queue_findings(info: dict[str, Any]) -> list[str]:
    wrong = []
    if not info["aof_enabled"]:
        wrong.append("the queue does not use AOF: set `appendonly yes`")
    if info["maxmemory_policy"] != "noeviction":
        wrong.append("the queue evicts jobs: set `maxmemory-policy noeviction`")
    return wrong


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def _one_line(error: Exception) -> str:
    # The driver appends its settings, then its whole view of the servers.
    text = str(error).split(" (configured timeouts:")[0].split(", Timeout:")[0]
    return " ".join(text.split())[:200]
