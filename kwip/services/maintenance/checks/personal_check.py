"""Check what only one person has: that there is this person, and that nothing waits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.services.maintenance.checks.findings import Finding
from kwip.store.maintenance.personal_audit import OWNERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.domain.clock import ClockMs
    from kwip.store.maintenance.personal_audit import PersonalAuditStore

PAGE = 5_000
#: The sweeper enqueues what is due every half minute until it is posted.
_PATIENCE, _AGAIN = timedelta(minutes=5), timedelta(minutes=1)
_NOBODYS = ("it is of a user who does not exist", "run with --repair", "delete it")
_WAITS = (
    "a scheduled kwip has waited for five minutes",
    "check that a worker runs, and see its log for `scheduled`",
    "enqueue it",
)


def check_owned(
    audit: PersonalAuditStore, clock: ClockMs, advance: Callable[[int], None]
) -> Iterator[Finding]:
    """Look for what belongs to users who do not exist, and for what was not posted."""
    for name in OWNERS:
        for size, strays in audit.pages(name, PAGE):
            for each in strays:
                yield Finding("owners", f"{name} {each}", *_NOBODYS)
            advance(size)
    now = at(clock())
    for place in audit.overdue(now - _PATIENCE, now + _AGAIN, PAGE):
        yield Finding("scheduled", place, *_WAITS)
