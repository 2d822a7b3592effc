"""Check that invitations and requests to join agree with users and claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.maintenance.checks.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.store.maintenance.joining_audit import JoiningAuditStore


def check_joining(audit: JoiningAuditStore) -> Iterator[Finding]:
    """Look for wrong counts of invitations, and for requests without their claims."""
    for count in audit.miscounted():
        yield Finding(
            "invitations",
            count.code,
            f"uses_count is {count.said}, should be {count.counted}",
            "end it with `kwip invites revoke`, and create another one",
        )
    for username in audit.unclaimed():
        yield Finding(
            "applications",
            username,
            "its username or email address is not reserved",
            "decline it with `kwip users reject`",
        )
