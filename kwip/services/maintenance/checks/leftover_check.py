"""Check that nothing outlives the account that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.maintenance.checks.findings import Finding
from kwip.store.maintenance.leftover_audit import LEFTOVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.store.maintenance.leftover_audit import LeftoverAuditStore


def check_leftovers(
    audit: LeftoverAuditStore, advance: Callable[[int], None], page: int
) -> Iterator[Finding]:
    """Look for users who are gone, and still have devices or nudges."""
    for collection in LEFTOVERS:
        after, size = "", 1
        while size:
            after, size, lost = audit.lost_after(collection, after, page)
            for user_id in lost:
                yield Finding(
                    "leftovers",
                    f"{collection} {user_id}",
                    "this user does not exist",
                    "run with --repair",
                    "delete what is left",
                )
            advance(size)
