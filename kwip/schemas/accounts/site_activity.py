"""The charts of the first page for staff: in words, and as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from marshmallow import fields

from kwip.domain.administration.site_activity import Figure, Period
from kwip.schemas.accounts.analysis import table
from kwip.schemas.body import StrictSchema
from kwip.text.dates import file_size, number
from kwip.text.translation import gettext, lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.administration.site_activity import ActivityReport
    from kwip.domain.messages import Message


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a figure is called and written."""

    label: Message
    about: Message | str = ""
    written: Callable[[float], str] = number
    #: What the column of plain numbers is called, if not like the chart.
    column: Message | str = ""
    plain: Callable[[float], str] = "{:.0f}".format


_SHAPES = {
    Figure.ACTIVE: _Shape(lazy_gettext("Active people"), lazy_gettext("24-hour peak")),
    Figure.SIGN_UPS: _Shape(lazy_gettext("Sign-ups")),
    Figure.POSTS: _Shape(lazy_gettext("Kwips")),
    Figure.REPORTS: _Shape(lazy_gettext("Reports")),
    Figure.DELIVERIES: _Shape(
        lazy_gettext("Deliveries"), lazy_gettext("kwips added to home timelines")
    ),
    Figure.LAG: _Shape(
        lazy_gettext("Delivery time"),
        lazy_gettext("average until a kwip reaches everyone"),
        lambda seconds: gettext("%(seconds)s s", seconds=number(seconds, 2)),
        lazy_gettext("Delivery time (s)"),
        "{:.3f}".format,
    ),
    Figure.HITS: _Shape(
        lazy_gettext("Cache hits"),
        lazy_gettext("share of reads that the cache answered"),
        lambda share: gettext("%(number)s%%", number=number(100 * share, 1)),
        lazy_gettext("Cache hits (%)"),
        lambda share: f"{100 * share:.1f}",
    ),
    Figure.WAITING: _Shape(lazy_gettext("Waiting jobs"), lazy_gettext("peak")),
    Figure.STORAGE: _Shape(
        lazy_gettext("Storage"),
        lazy_gettext("database and uploads"),
        file_size,
        lazy_gettext("Storage (bytes)"),
    ),
}


class PeriodQuery(StrictSchema[Period]):
    """The query of the first page: which period its charts show."""

    period = fields.Enum(
        Period,
        by_value=True,
        load_default=Period.MONTH,
        error_messages={"unknown": lazy_gettext("Choose one of the options.")},
    )

    def make(self, *, period: Period) -> Period:
        """Return the period."""
        return period


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure of a period, in words.

    Attributes:
        whole: The figure of the whole period; empty if nothing was measured.
        values: The height of each bar; nothing measured is 0.
        cells: Each value with its unit; a dash if nothing was measured.
    """

    label: str
    about: str
    whole: str
    values: list[float]
    cells: list[str]


def charts(report: ActivityReport) -> list[Chart]:
    """Write all figures of a report, in the order of the page."""
    return [
        Chart(
            label=str(shape.label),
            about=str(shape.about),
            whole=_cell(shape, report.whole[figure], ""),
            values=[value or 0 for value in report.figures[figure]],
            cells=[_cell(shape, value, "–") for value in report.figures[figure]],  # noqa: RUF001 -- a dash
        )
        for figure, shape in _SHAPES.items()
    ]


def activity_csv(report: ActivityReport) -> str:
    """Write the charts of the first page, with plain numbers."""
    head = [
        gettext("From (UTC)"),
        *(str(s.column or s.label) for s in _SHAPES.values()),
    ]
    columns = [
        [shape.plain(value) if value is not None else "" for value in report.figures[f]]
        for f, shape in _SHAPES.items()
    ]
    rows = zip(report.starts, *columns, strict=True)
    return table(head, ([f"{at:%Y-%m-%dT%H:%MZ}", *more] for at, *more in rows))


def _cell(shape: _Shape, value: float | None, missing: str) -> str:
    return missing if value is None else shape.written(value)
