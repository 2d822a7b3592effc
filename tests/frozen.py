"""Change a part of a frozen service, whose process ends with the test."""

from __future__ import annotations


def swap(thing, **parts):
    """Put other parts into the place of those that `thing` was made of."""
    for name, part in parts.items():
        object.__setattr__(thing, name, part)
