"""Change a part of a frozen service, whose process ends with the test."""

from __future__ import annotations


def swap(thing, **parts):
    """Put other parts into the place of those that `thing` was made of."""
    for name, part in parts.items():
        object.__setattr__(thing, name, part)


def put(monkeypatch, thing, name, method):
    """Put another method into the place of one of a frozen service, for a test."""
    of_all = getattr(type(thing), name)

    def chosen(self, *arguments, **named):
        if self is thing:
            return method(*arguments, **named)
        return of_all(self, *arguments, **named)

    monkeypatch.setattr(type(thing), name, chosen)
