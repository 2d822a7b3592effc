"""What administrators set, and people who come and go: for the pages of the model."""

from __future__ import annotations

from kwip.domain.audit_log import BY_KWIP


def join(kwip, note):
    """Let happen once whatever can happen before somebody is a member."""
    kwip.fence.outlast_leases = lambda: None
    site = kwip.services.site
    for change in ({"name": "Bakers"}, {"name": "Millers"}, {"rules": "Be kind."}):
        site.change(change, BY_KWIP)
    note()
