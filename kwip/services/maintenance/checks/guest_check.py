"""Check that no reply of a guest outlives its post."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.maintenance.checks.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.store.maintenance.guest_audit import GuestAuditStore


def check_guests(
    audit: GuestAuditStore, advance: Callable[[int], None], page: int
) -> Iterator[Finding]:
    """Look for posts that are gone, and still have replies by guests."""
    after, size = 0, 1
    while size:
        after, size, lost = audit.lost_after(after, page)
        for post_id in lost:
            yield Finding(
                "guests",
                str(post_id),
                "replies by guests are left of a post that is gone",
                "run with --repair",
                "delete the replies",
            )
        advance(size)
