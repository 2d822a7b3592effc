"""Check that reports and strikes are about users, and strikes are carried out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from kwip.domain.clock import at
from kwip.services.maintenance.checks.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.clock import ClockMs
    from kwip.store.maintenance.moderation_audit import ModerationAuditStore

#: The sweeper enqueues a strike every half minute until it is carried out.
_PATIENCE = timedelta(minutes=5)
_KINDS: tuple[Literal["reports", "strikes"], ...] = ("reports", "strikes")
_WAITS = (
    "a decision of a moderator has waited for five minutes",
    "check that a worker runs, and see its log for `strike`",
)


def check_moderation(
    audit: ModerationAuditStore, clock: ClockMs, page: int
) -> Iterator[Finding]:
    """Look for reports and strikes about nobody, and for strikes that wait too long."""
    for strike_id in audit.overdue(at(clock()) - _PATIENCE, page):
        yield Finding("moderation", f"strikes {strike_id}", *_WAITS)
    for kind in _KINDS:
        after = 0
        while True:
            after, strays = audit.strays_after(kind, after, page)
            for each in strays:
                problem = "it is about a user who does not exist"
                remedy = "finish the deletion with `kwip users delete`"
                yield Finding("moderation", f"{kind} {each}", problem, remedy)
            if not after:
                break
