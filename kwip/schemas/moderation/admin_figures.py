"""Mastodon's admin API: figures, and which of them a tool asks for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from kwip.domain.administration.app_figures import Span
from kwip.schemas.body import BodySchema, Text, Words
from kwip.schemas.dumping import instant
from kwip.schemas.posting.sources import source_label
from kwip.text.translation import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kwip.domain.administration.analysis import Cohort
    from kwip.domain.administration.app_figures import Dimension, Measure

_LONGEST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresRequest:
    """Which figures, of which days; of dimensions the first `limit` rows.

    `has_days` says whether the first and the last day were named.
    """

    keys: tuple[str, ...]
    span: Span
    limit: int
    is_monthly: bool
    has_days: bool


class _Day(fields.Field["dt.date | None"]):
    """A date, or a time of which only the date counts."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "invalid": lazy_gettext("This is not a time, such as 2026-04-30T14:19:05Z."),
    }

    def _deserialize(
        self, value: object, *_args: object, **_kwargs: object
    ) -> dt.date | None:
        if value in ("", None):
            return None
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise self.make_error("invalid")
        try:
            return dt.datetime.fromisoformat(value).date()
        except ValueError as error:
            raise self.make_error("invalid") from error


class FiguresBody(BodySchema[FiguresRequest]):
    """What a tool asks for; parameters of tags and of other servers are ignored."""

    keys = Words()
    start_at = _Day(load_default=None, allow_none=True)
    end_at = _Day(load_default=None, allow_none=True)
    limit = fields.Integer(
        load_default=10,
        validate=validate.Range(
            1, 100, error=lazy_gettext("Must be a number from {min} to {max}.")
        ),
        error_messages={"invalid": lazy_gettext("This is not a number.")},
    )
    frequency = Text(load_default="day", max_chars=_LONGEST)

    def make(
        self,
        *,
        keys: list[str],
        start_at: dt.date | None,
        end_at: dt.date | None,
        limit: int,
        frequency: str,
    ) -> FiguresRequest:
        """Build the request."""
        return FiguresRequest(
            keys=tuple(dict.fromkeys(keys)),
            span=Span(start_at, end_at),
            limit=limit,
            is_monthly=frequency == "month",
            has_days=start_at is not None and end_at is not None,
        )


def measures(found: Iterable[Measure]) -> list[dict[str, Any]]:
    """Return measures as `Admin::Measure`: all numbers are texts."""
    return [
        {
            "key": each.key,
            "unit": None,
            "total": str(each.total),
            "previous_total": None if each.before is None else str(each.before),
            "data": [
                {"date": _midnight(day), "value": str(count)}
                for day, count in each.days
            ],
        }
        for each in found
    ]


def _human(dimension: str, key: str) -> str:
    return source_label(key) if dimension == "sources" else key


def dimensions(found: Iterable[Dimension]) -> list[dict[str, Any]]:
    """Return dimensions as `Admin::Dimension`."""
    return [
        {
            "key": each.key,
            "data": [
                {"key": key, "human_key": _human(each.key, key), "value": str(count)}
                for key, count in each.counts
            ],
        }
        for each in found
    ]


def cohorts(found: Sequence[Cohort], frequency: str) -> list[dict[str, Any]]:
    """Return retention as `Admin::Cohort`."""
    dates = [instant(each.begins_at) for each in found]
    return [
        {
            "period": dates[number],
            "frequency": frequency,
            "data": [
                {
                    "date": date,
                    "rate": cohort.share(part),
                    "value": str(round(cohort.joined * cohort.share(part))),
                }
                for part, date in enumerate(dates[number:])
            ],
        }
        for number, cohort in enumerate(found)
    ]


def _midnight(day: dt.date) -> str:
    return instant(dt.datetime.combine(day, dt.time(), dt.UTC))
