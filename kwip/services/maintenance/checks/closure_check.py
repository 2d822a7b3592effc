"""Check that closed accounts are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.maintenance.checks.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.store.maintenance.closure_audit import ClosureAuditStore


def check_closures(audit: ClosureAuditStore) -> Iterator[Finding]:
    """Find accounts that their owners have closed, and that everybody still sees."""
    for user_id in audit.shown():
        yield Finding(
            "closures",
            f"user:{user_id}",
            "the account is closed, but not hidden",
            "run `kwip users suspend` and then `kwip users unsuspend`: it stays hidden",
        )
