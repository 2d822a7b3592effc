"""What all schemas that write JSON share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kwip.schemas.urls import Urls


class DumpSchema(Schema):
    """Write one kind of view as JSON. Instances are shared between threads.

    Args:
        urls: Makes absolute URLs.
        is_signed_in: Whether to write what only signed-in viewers get.
    """

    def __init__(self, urls: Urls, *, is_signed_in: bool):
        # Two keys may come from one attribute, which marshmallow only forbids for
        # loading.
        super().__init__(dump_only=tuple(self._declared_fields))
        self.urls = urls
        self.is_signed_in = is_signed_in

    def write(self, views: Sequence[Any]) -> str:
        """Write many views as JSON text."""
        return to_text(self.dump(views, many=True))


def to_text(value: object) -> str:
    """Write JSON without spaces and without escaping letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Instant(fields.Field["dt.datetime"]):
    """A time as `instant` writes it."""

    def _serialize(
        self, value: dt.datetime | None, *_args: object, **_kwargs: object
    ) -> str | None:
        return None if value is None else instant(value)


def instant(moment: dt.datetime) -> str:
    """Write a UTC time with milliseconds and Z: `2026-04-30T14:19:05.000Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def constant(value: Any, *, data_key: str | None = None) -> fields.Field[Any]:
    """Always write the same value, for a key that clients expect and Kwip lacks."""
    return fields.Constant(value, data_key=data_key)
