"""Explain every query at the moment it is made, and judge it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field

from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo.monitoring import CommandListener

READS = {"find", "aggregate", "count", "distinct"}
WRITES = {"update", "delete", "findAndModify"}
#: What is no part of the question: sessions, transactions, concerns.
_ABOUT = {
    *(
        "lsid",
        "txnNumber",
        "$db",
        "$clusterTime",
        "$readPreference",
        "startTransaction",
    ),
    *("autocommit", "readConcern", "writeConcern", "maxTimeMS", "ordered", "bypass"),
}


@dataclass
class Plan:
    """How one query was answered."""

    method: str
    command: dict
    stages: set = field(default_factory=set)
    indexes: set = field(default_factory=set)
    examined: int = 0
    returned: int = 0

    @property
    def name(self):
        return next(iter(self.command))

    @property
    def collection(self):
        return self.command[self.name]

    @property
    def collections(self):
        """Give the collection that is asked, and those that are joined to it."""
        stages = self.command.get("pipeline", [])
        joins = [s.get("$lookup", {}).get("from") for s in stages]
        joins += [s.get("$unionWith", {}).get("coll") for s in stages]
        return {self.collection, *filter(None, joins)}

    def problem(self):
        """Say in words what is wrong with it, or None."""
        if "COLLSCAN" in self.stages:
            return f"{self.method}: scans {self.collection}: {self.command}"
        allowed = max(2 * self.returned + 10, self._named() + self._joined())
        if self.name in READS and self.examined > allowed:
            return (
                f"{self.method}: looks at {self.examined} of {self.collection}"
                f" for {self.returned}: {self.command}"
            )
        return None

    def _named(self):
        """Count the documents that a query names by `_id`."""
        wanted = self.command.get("filter", {}).get("_id")
        return len(wanted.get("$in", ())) if isinstance(wanted, dict) else 0

    def _joined(self):
        """Count what a join may look at for all users that it begins with."""
        pipeline = self.command.get("pipeline", [])
        stages = [s for p in pipeline for s in p.get("$lookup", {}).get("pipeline", ())]
        limits = [stage["$limit"] + 10 for stage in stages if "$limit" in stage]
        users = pipeline[0].get("$match", {}).get("_id", {}) if limits else {}
        return sum(limits) * len(users.get("$in", ()))


class Explainer(CommandListener):
    """Explains through a client of its own what the stores' client is about to ask."""

    def __init__(self, database):
        self._database = database
        self._method = None
        self.plans = []
        self.methods = set()

    @contextmanager
    def listening(self, method):
        """Explain whatever is asked within the block, in the name of `method`."""
        self._method = method
        try:
            yield
        finally:
            self._method = None

    def started(self, event):
        if self._method is None:
            return
        self.methods.add(self._method)
        if event.command_name in READS | WRITES:
            if _follows(event.command):
                return  # the oplog has no index, and a stream begins at its end
            for command in _statements(event.command):
                self.plans.append(self._explain(command))

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass

    def _explain(self, command):
        plan = Plan(self._method, command)
        answer = self._database.command(
            "explain",
            command,
            verbosity="executionStats",
            # The end of an open range of dates is beyond those of Python.
            codec_options=CodecOptions(
                datetime_conversion=DatetimeConversion.DATETIME_AUTO
            ),
        )
        _look(answer, plan)
        return plan


def _follows(command):
    """Tell whether a command opens a change stream."""
    return any("$changeStream" in stage for stage in command.get("pipeline", ()))


def _statements(command):
    """Divide a bulk into statements, for `explain` takes one at a time."""
    bare = {k: v for k, v in command.items() if k not in _ABOUT}
    for name in ("updates", "deletes"):
        if name in bare:
            return [bare | {name: [each]} for each in bare[name]]
    return [bare]


def _look(part, plan):
    """Gather stages, indexes and counts from wherever an answer has them."""
    if isinstance(part, list):
        for each in part:
            _look(each, plan)
    elif isinstance(part, dict):
        plan.stages.add(str(part.get("stage")))
        plan.indexes |= {str(part.get("indexName")), *part.get("indexesUsed", ())}
        if int(part.get("collectionScans", 0)):  # what a join says instead
            plan.stages.add("COLLSCAN")
        if "totalDocsExamined" in part:
            plan.examined += part["totalDocsExamined"]
            plan.returned += part["nReturned"]
        for key in part.keys() - {"rejectedPlans", "command", "allPlansExecution"}:
            _look(part[key], plan)
