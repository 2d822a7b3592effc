"""Ask MongoDB how it answers a command, for the toolbar of developers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from kwip.store.commands import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kwip.recording import Command
    from kwip.store.client import Store

_EXPLAINED = frozenset({"find", "aggregate", "count", "distinct"})
#: Parts of a command that `explain` refuses.
_UNEXPLAINED = LEFT_OUT | {"readConcern", "cursor", "autocommit"}


def plan_of(store: Store, command: Command) -> str:
    """Ask MongoDB how it reads what a command asks for; "" for writes.

    For example `LIMIT FETCH IXSCAN author_id_1__id_-1`.
    """
    if command.name not in _EXPLAINED:
        return ""
    asked = {k: v for k, v in command.sent.items() if k not in _UNEXPLAINED}
    if command.name == "aggregate":
        asked["cursor"] = {}
    try:
        answer = store.database.command(
            "explain", asked, verbosity="queryPlanner", maxTimeMS=1_000
        )
    except PyMongoError as error:
        return f"no plan: {type(error).__name__}"
    return " ".join(_stages(answer))


def _stages(part: Any) -> Iterator[str]:
    """Iterate the stages of every winning plan in an explanation, outermost first."""
    if isinstance(part, list):
        for each in part:
            yield from _stages(each)
    if not isinstance(part, dict):
        return
    if "winningPlan" in part:
        yield from _of_plan(part["winningPlan"])
        return
    for each in part.values():
        yield from _stages(each)


def _of_plan(plan: Mapping[str, Any]) -> Iterator[str]:
    plan = plan.get("queryPlan", plan)
    if "stage" in plan:
        yield " ".join(filter(None, (plan["stage"], plan.get("indexName", ""))))
    for inner in (*plan.get("inputStages", ()), plan.get("inputStage")):
        if inner:
            yield from _of_plan(inner)
