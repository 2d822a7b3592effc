"""The file that an operator writes settings into, and names that are no settings.

The file has lines as systemd reads them with `EnvironmentFile=`: `KEY=value`, where
the value may be in quotes, empty lines, and comments that begin with `#` or `;`.
"""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from config.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, MutableMapping
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = "KWIP_"
#: The source of a setting that is not set.
DEFAULT = "default"
#: Marks of processes, which `kwip up` and `kwip serve` set.
_INTERNAL = frozenset({"KWIP_STACK", "KWIP_ROLE", "KWIP_WEB_WORKERS_LEFT"})
#: How much of two names must agree for one to be a misspelling of the other.
_ALIKE = 0.75
_VALUE = re.compile(
    r"""(?P<quote>["'])(?P<quoted>[^"'\\]*)(?P=quote)|(?P<plain>[^"'\\]*)"""
)


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The settings in a file, with the line of each."""

    path: Path
    values: Mapping[str, str] = field(repr=False)
    lines: Mapping[str, int]

    def into(self, environ: MutableMapping[str, str]) -> frozenset[str]:
        """Add the values that `environ` lacks, and return their names.

        What is in the environment already is meant for this one start.
        """
        added = frozenset(name for name in self.values if not environ.get(name))
        environ.update({name: self.values[name] for name in added})
        return added


def read_env_file(path: Path) -> EnvFile:
    """Read a file of settings.

    Raises:
        SettingsError: It cannot be read, or has lines that cannot be used; names the
            file and each line, but no value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise SettingsError([f"{path}: cannot be read: {why}"]) from error
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        try:
            name, value = _parse(line)
        except ValueError as error:
            problems.append(f"{path}:{number}: {error}")
            continue
        if name in lines:
            problems.append(
                f"{path}:{number}: {name} is already set in line {lines[name]}"
            )
        values[name], lines[name] = value, number
    if problems:
        raise SettingsError(problems)
    return EnvFile(path, values, lines)


def _parse(line: str) -> tuple[str, str]:
    """Return the name and the value of a line.

    Raises:
        ValueError: It has none; says why.
    """
    name, equals, rest = line.strip().partition("=")
    if name.startswith("export "):
        raise ValueError("remove `export`: this file is not a shell script")
    if not equals or _NAME.fullmatch(name) is None:
        raise ValueError("must be NAME=value, without spaces around the `=`")
    return name, _unquoted(name, rest.strip())


def _unquoted(name: str, text: str) -> str:
    """Return a value without the quotes around it.

    What systemd, shells and containers read differently is refused.
    """
    found = _VALUE.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{name}: must have no quotes and backslashes, except quotes around the"
            " whole value: percent-encode them in a URI"
        )
    return found["quoted"] or found["plain"] or ""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the settings of a command come from: its environment, and maybe a file."""

    file: EnvFile | None
    #: The names that the environment did not have.
    from_file: frozenset[str]
    from_environment: frozenset[str]
    #: Those that a running stack has noted, because nobody has set them here.
    from_stack: frozenset[str] = frozenset()

    def of(self, variable: str) -> str:
        """Return where the value of a variable comes from."""
        if variable in self.from_file:
            return self.place(variable)
        if variable in self.from_environment:
            return "environment"
        return "running stack" if variable in self.from_stack else DEFAULT

    def place(self, variable: str) -> str:
        """Return the file and line of a variable that it has; empty for others."""
        if self.file is None or variable not in self.from_file:
            return ""
        return f"{self.file.path}:{self.file.lines[variable]}"

    def located(self, problem: str) -> str:
        """Put file and line before a problem that begins with a variable's name."""
        named = _NAME.match(problem)
        place = self.place(named[0]) if named else ""
        return f"{place}: {problem}" if place else problem

    def unknown(self, known: Iterable[str]) -> Iterator[str]:
        """Say of each `KWIP_…` name that it is not one of the `known` settings."""
        known = list(known)
        found = self.from_file | self.from_environment
        for name in sorted(found - set(known) - _INTERNAL):
            alike = difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
            meant = f": did you mean {alike[0]}?" if alike else ""
            yield self.located(f"{name} is not a setting{meant}")


def enter(path: Path | None) -> Sources:
    """Add the settings in a file to this process's environment, and its children's.

    Raises:
        SettingsError: As `read_env_file` does.
    """
    environ = os.environ  # noqa: TID251 -- the one place that changes it
    before = {name for name, value in environ.items() if value}
    file = read_env_file(path) if path else None
    added = file.into(environ) if file else frozenset()
    return Sources(
        file,
        from_file=frozenset(filter(_is_ours, added)),
        from_environment=frozenset(filter(_is_ours, before)),
    )


def _is_ours(name: str) -> bool:
    return name.startswith(_OURS)
