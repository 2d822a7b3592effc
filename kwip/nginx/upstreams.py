"""The lists of servers that nginx includes, and which of them get requests.

nginx itself only notices what fails a request. So `kwip upstreams watch` asks each
server whether it is ready, and marks those that are not as `down` in these lists.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from kwip.embedded.errors import CannotStartError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

#: A server is taken out after this many failed checks in a row, or after one that it
#: did not answer, which takes longer.
FALL = 2
#: It comes back after this many good ones; after twice as many each time that it fails
#: again within `STEADY_S`, because each change reloads nginx.
RISE, MOST_RISE = 2, 16
STEADY_S = 60.0
_SUFFIX = ".conf"
_HEAD = "# Kept by `kwip upstreams watch`, which marks servers that fail as `down`.\n"
#: The line of a server: nginx need not judge it, too, because it would leave out all of
#: them when each is slow. An operator may have set more, which stays as it is.
_SERVER = "server {} max_fails=0;\n"
_LINE = re.compile(r"^([ \t]*server[ \t]+)([^\s;#]+)([^;#\r\n]*);", re.MULTILINE)
_MARK = re.compile(r"[ \t]+down(?![^ \t])")


def listing(servers: Iterable[str]) -> str:
    """Return the text of a list, for a block `upstream` of nginx."""
    return _HEAD + "".join(map(_SERVER.format, servers))


def write(folder: Path, pool: str, text: str) -> None:
    """Replace the list of a pool, so that nginx reads the old or the new one."""
    path = folder / f"{pool}{_SUFFIX}"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{secrets.token_hex(8)}.draft")
    try:
        draft.write_bytes(text.encode("utf-8", "surrogateescape"))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def mark(folder: Path, pool: str, marks: Mapping[str, bool]) -> None:
    """Mark servers of a pool as down or not; everything else in its list stays."""

    def marked(line: re.Match[str]) -> str:
        before, address, options = line.groups()
        if address in marks:
            options = _MARK.sub("", options) + (" down" if marks[address] else "")
        return f"{before}{address}{options};"

    write(folder, pool, _LINE.sub(marked, _text(folder / f"{pool}{_SUFFIX}")))


def read(folder: Path) -> dict[str, dict[str, bool]]:
    """Return the servers of each pool, and whether they are marked as down.

    Raises:
        CannotStartError: There is no list, or one cannot be read.
    """
    files = sorted(folder.glob(f"*{_SUFFIX}"))
    if not files:
        raise CannotStartError(
            f"{folder}: no list of servers: run `kwip config nginx --watched` first"
        )
    return {
        path.stem: {
            address: bool(_MARK.search(options))
            for _, address, options in _LINE.findall(_text(path))
        }
        for path in files
    }


def _text(path: Path) -> str:
    """Read a list; bytes that are no text come back with `write`."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise CannotStartError(f"{path}: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Check:
    """What one check of a server found.

    Attributes:
        is_ok: Whether the server should get requests.
        detail: Why not.
        is_refused: Nobody listens there.
        is_silent: It did not answer in time.
    """

    is_ok: bool
    detail: str = ""
    is_refused: bool = False
    is_silent: bool = False


@dataclass(slots=True)
class _Record:
    check: Check
    failed: int = 0
    passed: int = 0
    rise: int = RISE
    back_at: float = float("-inf")


@dataclass(slots=True)
class Judge:
    """Decides from checks which servers get no requests.

    A server that hangs looks like one that is very busy, and one without a database
    like all of them. So those are only taken out while at least half of a pool is
    well, and never the last one.
    """

    clock_s: Callable[[], float] = time.monotonic
    _records: dict[str, _Record] = field(default_factory=dict)

    def note(self, address: str, check: Check) -> None:
        """Take in the newest check of a server."""
        record = self._records.setdefault(address, _Record(check))
        record.check = check
        record.failed = 0 if check.is_ok else record.failed + 1
        record.passed = record.passed + 1 if check.is_ok else 0

    def down(self, pool: Mapping[str, bool]) -> frozenset[str]:
        """Return which servers of a pool should be marked, from those that are."""
        known = {each: self._records[each] for each in pool if each in self._records}
        well = {each for each, record in known.items() if record.check.is_ok}
        if not well and all(record.failed >= FALL for record in known.values()):
            return frozenset()
        down = {
            each
            for each, record in known.items()
            if self._fails(record, len(well) / len(pool), is_down=pool[each])
        }
        # Whoever is well need not wait if nobody else is left.
        return frozenset(down - well if down == set(pool) else down)

    def settle(self, address: str, *, is_down: bool) -> str:
        """Remember that a server's mark changes; return the reason."""
        record, now_s = self._records[address], self.clock_s()
        if not is_down:
            record.back_at = now_s
            return "all fail" if record.failed else "ready"
        was_short = now_s - record.back_at < STEADY_S
        record.rise = min(2 * record.rise, MOST_RISE) if was_short else RISE
        return record.check.detail

    def _fails(self, record: _Record, share: float, *, is_down: bool) -> bool:
        if is_down:
            return record.passed < record.rise
        fall = 1 if record.check.is_silent else FALL
        needed = 0.0 if record.check.is_refused else 0.5
        return record.failed >= fall and share > 0 and share >= needed


class NotRunningError(Exception):
    """nginx does not run, or something else has its number."""


def workers(pid_file: Path) -> frozenset[int]:
    """Return the processes of nginx that answer requests.

    Raises:
        NotRunningError: There is none.
    """
    try:
        return frozenset(child.pid for child in _nginx(pid_file).children())
    except psutil.Error as error:
        raise NotRunningError(f"{pid_file}: nginx is not running") from error


def reload(pid_file: Path) -> None:
    """Let nginx read its configuration again.

    Raises:
        NotRunningError: It does not run; it will read the lists when it starts.
    """
    os.kill(_nginx(pid_file).pid, signal.SIGHUP)


def _nginx(pid_file: Path) -> psutil.Process:
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="ascii")))
        if process.name() == "nginx":
            return process
    except (OSError, ValueError, psutil.Error) as error:
        raise NotRunningError(f"{pid_file}: nginx is not running") from error
    raise NotRunningError(f"{pid_file}: nginx is not running")
