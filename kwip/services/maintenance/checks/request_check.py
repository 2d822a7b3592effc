"""Check that requests to follow are stored on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.maintenance.checks.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.store.maintenance.request_audit import RequestAuditStore


def check_requests(
    audit: RequestAuditStore, advance: Callable[[int], None], page: int
) -> Iterator[Finding]:
    """Compare both sides of every request, starting from either."""
    after, size = "", 1
    while size:
        after, size, names = audit.asked_after(after, page)
        yield from _one_sided(audit, names)
        advance(size)
    after, names = audit.asking_after("", page)
    while names:
        yield from _one_sided(audit, names)
        after, names = audit.asking_after(after, page)


def _one_sided(audit: RequestAuditStore, names: list[str]) -> Iterator[Finding]:
    found = audit.one_sided(names) if names else {}
    for edge, missing in sorted(found.items()):
        yield Finding(
            "requests",
            edge,
            f"the request to follow is missing in `{missing}`",
            "run with --repair",
            "make both sides agree with `follows`",
        )
