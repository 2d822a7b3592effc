"""What all schemas that read a request share, and their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from marshmallow import (
    EXCLUDE,
    RAISE,
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
)

from kwip.domain.errors import InvalidError
from kwip.domain.ids import MAX_ID, parse_id
from kwip.domain.text import has_controls, is_unicode
from kwip.text.translation import gettext, lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

#: No field that people fill in is longer; a post's own limit is lower.
TEXT_MAX = 20_000
#: No one-line field of a form takes more; the services' own limits are lower.
LINE_MAX = 300


class BodySchema(Schema, Generic[T]):
    """Read one kind of body or query into the value that `make` builds.

    Apps send fields that we do not have, so the API skips unknown ones.
    """

    class Meta:
        """Skip unknown fields."""

        unknown = EXCLUDE

    def parse(self, data: Mapping[str, object]) -> T:
        """Return the value.

        Raises:
            InvalidError: Some fields are missing or wrong; names each of them.
        """
        try:
            return cast("T", self.load(data))
        except ValidationError as error:
            wrong = {str(k): _sentence(v) for k, v in error.messages_dict.items()}
            raise InvalidError(gettext("Check what you entered."), wrong) from error

    #: Builds the value; each schema has its own, which takes its fields by name.
    make: Callable[..., T]

    @post_load
    def _make(self, data: dict[str, Any], **_: object) -> T:
        return self.make(**data)


class StrictSchema(BodySchema[T]):
    """A body or query of our own pages and widgets: unknown fields are rejected."""

    class Meta:
        """Reject unknown fields."""

        unknown = RAISE


class Text(fields.String):
    """A text of valid Unicode, at most `max_chars` long.

    White space is the only control character allowed.
    """

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "invalid": lazy_gettext("This must be text."),
        "broken": lazy_gettext("Contains characters we can't store."),
        "long": lazy_gettext("Up to {max_chars} characters."),
    }

    def __init__(self, *, max_chars: int = TEXT_MAX, **options: Any):
        super().__init__(**options)
        self._max_chars = max_chars

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        if len(text) > self._max_chars:
            raise self.make_error("long", max_chars=self._max_chars)
        if has_controls(text) or not is_unicode(text):
            raise self.make_error("broken")
        return text


class Id(fields.Field["int | None"]):
    """An id as a decimal string, or as a number from clients that send one."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own declaration
        "invalid": lazy_gettext("This is not a valid ID."),
    }

    def _deserialize(
        self, value: object, *_args: object, **_kwargs: object
    ) -> int | None:
        if value == "" and self.allow_none:
            return None
        if type(value) is int and 0 <= value <= MAX_ID:  # a bool is not an id
            value = f"{value:d}"
        parsed = parse_id(value) if isinstance(value, str) else None
        if parsed is None:
            raise self.make_error("invalid")
        return parsed


class Ids(fields.List[Any]):
    """Several ids, at most `most`, or a single one outside a list."""

    def __init__(self, most: int):
        super().__init__(
            Id(),
            load_default=list,
            validate=validate.Length(
                max=most, error=lazy_gettext("Up to {max} at once.")
            ),
        )

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> list[Any]:
        several = value if isinstance(value, list) else [value]
        return super()._deserialize(several, *args, **kwargs)


class Words(fields.List[Any]):
    """Several words, or a single one outside a list."""

    def __init__(self) -> None:
        super().__init__(
            fields.String(),
            load_default=list,
            validate=validate.Length(
                max=50, error=lazy_gettext("Up to {max} at once.")
            ),
        )

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> list[Any]:
        several = value if isinstance(value, list) else [value]
        return super()._deserialize(several, *args, **kwargs)


class Flag(fields.Boolean):
    """A boolean in any of the forms that clients send; empty means not given."""

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> bool:
        return value != "" and super()._deserialize(value, *args, **kwargs)


NOT_YET = lazy_gettext("Kwip doesn't support this yet.")


class NotYet(fields.Field[None]):
    """Something that Kwip does not have yet: only its absence is accepted."""

    def __init__(self, says: str = NOT_YET) -> None:
        super().__init__(
            load_default=None, allow_none=True, error_messages={"invalid": says}
        )

    def _deserialize(self, value: object, *_args: object, **_kwargs: object) -> None:
        if value not in ("", [], [""], {}, False, 0, "0"):
            raise self.make_error("invalid")


def only(value: object) -> Any:
    """Accept the current value and nothing else: no app's change is lost silently."""
    return Flag(
        load_default=value,
        allow_none=True,
        validate=validate.OneOf([value, None], error=NOT_YET),
    )


def choice(*known: str) -> fields.String:
    """Make a required field of a form with some options."""
    missing = lazy_gettext("Choose one of the options.")
    return fields.String(
        required=True,
        validate=validate.OneOf(known, error=missing),
        error_messages={"required": missing},
    )


def line(*, is_required: bool = True) -> Text:
    """Make a field of a form for a single line; not required means empty if missing."""
    missing = {"required": lazy_gettext("Fill in this field.")}
    if is_required:
        return Text(max_chars=LINE_MAX, required=True, error_messages=missing)
    return Text(max_chars=LINE_MAX, load_default="")


def _sentence(messages: object) -> str:
    """Put marshmallow's messages about a field on one line."""
    if isinstance(messages, dict):
        return " ".join(_sentence(m) for m in messages.values())
    if isinstance(messages, list):
        return " ".join(_sentence(m) for m in messages)
    return str(messages)
