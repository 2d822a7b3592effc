"""How one setting is read, for the settings and their documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Rule:
    """How one field is read and documented.

    Attributes:
        variable: The name of the environment variable.
        parse: Converts a text to a value; raises ValueError on a bad one.
        default: The value, or a function that makes it from the fields above it.
        shown: The default in words.
        allowed: What `parse` accepts, in words that continue "must be".
        doc: What the setting does.
    """

    variable: str
    parse: Callable[[str], object]
    default: object
    shown: str
    allowed: str
    doc: str

    def read(self, text: str, known: Mapping[str, Any]) -> object:
        """Return the value of `text`, or the default if it is empty."""
        if text:
            return self.parse(text)
        return self.default(known) if callable(self.default) else self.default
