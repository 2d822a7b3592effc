"""What can be taken out of Kwip's processes, so that the checks have to find it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace

from pymongo import MongoClient
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from kwip.cache import invalidation_rules
from kwip.services.coherence import clock_guard, fence
from kwip.services.posting.claims import ClaimedIds
from kwip.store import client
from kwip.store.delivery.outbox import OutboxStore

#: The variable by which a process is told what to leave out.
VARIABLE = "KWIP_FAULTS_WITHOUT"


def _take_for_dropped(*_):
    """Give the moment from which on nobody reads what could not be dropped: now."""
    return 0.0


def _first_alone(*arguments, **options):
    """Connect so that writes are acknowledged by the primary alone."""
    alone = {"w": 1, "journal": False, "readConcernLevel": "local"}
    return MongoClient(*arguments, **{**options, **alone})


def _of_anybody(method):
    """Do to posts what only who leases them may do, whoever leases them now."""

    def call(outbox, lease, *arguments, **options):
        lease = replace(lease, holder={"$exists": True})
        return method(outbox, lease, *arguments, **options)

    return call


WITHOUT = {
    "nothing": (),
    "the drop of an edit": ((invalidation_rules, "edit", lambda **_: ()),),
    "the drop of a deletion": ((invalidation_rules, "delete", lambda **_: ()),),
    "the drop of an unfollow": ((invalidation_rules, "unfollow", lambda **_: ()),),
    "the fence": ((fence._Node, "suspend", _take_for_dropped),),
    "the claim": ((ClaimedIds, "_claim", lambda *arguments: arguments[-1]),),
    "the clock guard": ((clock_guard.ClockGuard, "require", lambda _: None),),
    "the invalidation": tuple(
        (invalidation_rules, rule, lambda **_: ())
        for rule in ("delete", "suspend", "revoke_token")
    ),
    "the lease's owner": tuple(
        (OutboxStore, name, _of_anybody(getattr(OutboxStore, name)))
        for name in ("advance", "finish")
    ),
    "the majority": (
        (client, "MongoClient", _first_alone),
        (client, "WriteConcern", lambda *_, **__: WriteConcern(1)),
        (client, "ReadConcern", lambda _: ReadConcern("local")),
    ),
}


def take_out():
    """Take out what this process's environment names."""
    for target, name, instead in WITHOUT[os.environ.get(VARIABLE, "nothing")]:
        setattr(target, name, instead)


@contextmanager
def taken_out(without):
    """Take something out of this process, while the block runs."""
    targets = WITHOUT[without]
    before = [getattr(target, name) for target, name, _ in targets]
    for target, name, instead in targets:
        setattr(target, name, instead)
    try:
        yield
    finally:
        for (target, name, _), old in zip(targets, before, strict=True):
            setattr(target, name, old)
