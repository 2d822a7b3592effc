"""Make the services of `kwip.services.moderation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Moderating
from kwip.services.moderation.reports import Reports
from kwip.store.moderation.reports import ReportStore

if TYPE_CHECKING:
    from kwip.wiring.core import Core


def make_moderation(core: Core) -> Moderating:
    """Make them from the services they call."""
    return Moderating(
        reports=Reports(
            store=ReportStore(core.store),
            stores=core.stores,
            ids=core.ids,
            clock=core.options.clock,
        )
    )
