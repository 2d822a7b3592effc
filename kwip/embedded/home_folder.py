"""The folders and secrets of one installation, under `KWIP_HOME`."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from config import secret_keys as keys
from kwip.embedded.errors import CannotStartError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: Linux limits a socket's path to 107 bytes; MongoDB and its driver reserve some.
_LONGEST_SOCKET_PATH = 100
#: What MongoDB accepts in a list of addresses and in the name of a replica set member,
#: without capitals: its driver makes those of a member's name small.
_PLAIN_PATH = re.compile(r"[a-z0-9._/-]+")
_LONGEST_SOCKET_NAME = "mongodb-27017.sock"
_MONGODB_PORT = 27_017
#: Where the sockets go if their path under `KWIP_HOME` cannot be used.
_RUNTIME = Path("/tmp")  # noqa: S108 -- the shortest folder that every Linux has
#: A file system in memory, in containers too.
_MEMORY = Path("/dev/shm")  # noqa: S108 -- for a folder that only we can enter

#: MongoDB writes 300 MB of journal before its first document.
_FIRST_START_BYTES = 600_000_000
_LATER_START_BYTES = 100_000_000
_SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class HomeFolder:
    """The layout of one installation's folder; `prepare` creates it."""

    root: Path

    @property
    def logs(self) -> Path:
        """Return the folder with one log for each role."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Return the folder of what is not needed after a stop: sockets, metrics."""
        return self.root / "run"

    @property
    def metrics(self) -> Path:
        """Return the folder in which all processes store their metrics.

        It is a link into memory if that was possible when it was created.
        """
        return self.run / "metrics"

    @property
    def upstreams(self) -> Path:
        """Return the folder of the lists of servers that nginx includes."""
        return self.root / "upstreams"

    @property
    def lock(self) -> Path:
        """Return the file that a running supervisor holds locked."""
        return self.root / "lock"

    def data(self, role: str) -> Path:
        """Return the folder that the server `role` stores in."""
        return self.root / "data" / role

    @property
    def sockets(self) -> Path:
        """Return the folder of the Unix sockets.

        It is `run` unless that path is too long or has characters that MongoDB does not
        accept in the name of a replica set member.
        """
        longest = str(self.run / _LONGEST_SOCKET_NAME)
        if len(os.fsencode(longest)) <= _LONGEST_SOCKET_PATH and _PLAIN_PATH.fullmatch(
            longest
        ):
            return self.run
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return _RUNTIME / f"kwip-{name}"

    def socket(self, role: str) -> Path:
        """Return the socket of the server `role`.

        MongoDB names its own after its port: `mongod` has 27017, `mongod-1` the next.
        """
        kind, _, number = role.partition("-")
        if kind != "mongod":
            return self.sockets / f"{role}.sock"
        return self.sockets / f"mongodb-{_MONGODB_PORT + int(number or 0)}.sock"

    def prepare(self) -> None:
        """Create the folders, with space for the private servers.

        Raises:
            CannotStartError: As `make_folders` does, or the disk is nearly full.
        """
        self.make_folders()
        self.check_space()

    def make_folders(self) -> None:
        """Create the folders, readable by their owner only.

        Raises:
            CannotStartError: If one cannot be created or written to, or belongs to
                somebody else.
        """
        try:
            for folder in (self.root, self.logs, self.run, self.sockets):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _try_to_write(self.root)
        except OSError as error:
            raise CannotStartError(
                f"KWIP_HOME={self.root}: cannot write to {error.filename or self.root} "
                f"({error.strerror}): make it writable or set another KWIP_HOME"
            ) from error
        self.check_sockets()

    def served_metrics(self, port: int) -> Path:
        """Return the folder of the metrics that `kwip serve` shows on `port`."""
        return self.run / f"metrics-{port}"

    def make_metrics(self, folder: Path | None = None) -> None:
        """Create the folder of the metrics, or `folder`, empty.

        In memory there is space while the disk is full, and writing to a mapped page
        cannot kill the process.
        """
        folder = folder or self.metrics
        self.remove_metrics(folder)
        in_memory = self._in_memory(folder)
        with contextlib.suppress(OSError):
            in_memory.mkdir(mode=0o700)
            folder.symlink_to(in_memory)
            return
        folder.mkdir(mode=0o700)

    def remove_metrics(self, folder: Path | None = None) -> None:
        """Remove the folder of the metrics, including leftovers of an earlier start."""
        folder = folder or self.metrics
        shutil.rmtree(self._in_memory(folder), ignore_errors=True)
        if folder.is_symlink():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)

    def _in_memory(self, folder: Path) -> Path:
        # By device and inode: a copy of the home has a folder of its own.
        found = self.root.stat()
        name = folder.name.removeprefix("metrics")
        return _MEMORY / f"kwip-{found.st_dev}-{found.st_ino}{name}"

    def note_address(self, address: Mapping[str, str | int]) -> None:
        """Record where this start listens, by setting, for the commands."""
        self._address.write_text(json.dumps(dict(address)))

    def noted_address(self) -> dict[str, str | int]:
        """Return where the last start listened; empty if there was none."""
        try:
            found: dict[str, str | int] = json.loads(self._address.read_text())
        except (OSError, ValueError):
            return {}
        return found

    @property
    def _address(self) -> Path:
        return self.run / "web.json"

    def check_sockets(self) -> None:
        """Refuse a folder of sockets that somebody else could have put there.

        Its owner could answer in place of our servers, and would get the passwords.

        Raises:
            CannotStartError: If it exists and others can enter it.
        """
        try:
            found = self.sockets.lstat()
        except FileNotFoundError:
            return
        owners = {os.geteuid(), self.root.stat().st_uid}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
            raise CannotStartError(
                f"{self.sockets} belongs to another user: remove it or move KWIP_HOME"
            )
        if found.st_mode & 0o077:
            self.sockets.chmod(0o700)

    def check_space(self, free: Callable[[Path], int] | None = None) -> None:
        """Refuse to start on a disk that is nearly full; `free` counts its free bytes.

        Raises:
            CannotStartError: If it is.
        """
        fresh = not self.data("mongod").exists()
        needed = _FIRST_START_BYTES if fresh else _LATER_START_BYTES
        left = free(self.root) if free else shutil.disk_usage(self.root).free
        if left < needed:
            raise CannotStartError(
                f"KWIP_HOME={self.root}: the disk is full ({left // 1_000_000} MB free,"
                f" {needed // 1_000_000} MB needed): free up space or set another"
                " KWIP_HOME"
            )

    def secret(self, name: str) -> str:
        """Return the secret `name`; it is created on first use, safe to race.

        Raises:
            CannotStartError: If it cannot be read or created, or is too short.
        """
        path = self.root / "secrets" / name
        try:
            if not path.exists():
                _write_once(path, secrets.token_urlsafe(48))
            text = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CannotStartError(
                f"{path}: cannot be read or created ({error}): make KWIP_HOME writable"
                " or set another one"
            ) from error
        if len(text) < _SHORTEST_SECRET:
            raise CannotStartError(
                f"{path}: shorter than {_SHORTEST_SECRET} characters:"
                " replace it with a longer random text"
            )
        return text

    def replace_secret(self, name: str, text: str) -> None:
        """Write the secret `name` in one step, whether it exists or not."""
        path = self.root / "secrets" / name
        with _drafted(path, text) as draft:
            draft.replace(path)

    def write_secret(self, name: str, text: str) -> None:
        """Write a file that only its owner may read."""
        path = self.root / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)

    def secret_keys(self) -> tuple[str, ...]:
        """Return the keys that sign cookies, stored like a `secret`, one on each line.

        Raises:
            CannotStartError: As `secret` does, or a key is weak.
        """
        text = self.secret("flask")
        try:
            return keys.parse(text)
        except keys.WeakKeyError as error:
            path = self.root / "secrets" / "flask"
            raise CannotStartError(f"{path}: {error}") from error

    @property
    def key_file(self) -> Path:
        """Return the key file for authentication between MongoDB's members."""
        return self.root / "secrets" / "mongodb.key"

    def make_key_file(self) -> None:
        """Create the key file on first use."""
        if not self.key_file.exists():
            key = base64.b64encode(secrets.token_bytes(96)).decode("ascii")
            _write_once(self.key_file, key)


def _try_to_write(folder: Path) -> None:
    probe = folder / f".probe-{secrets.token_hex(8)}"
    probe.touch(mode=0o600)
    probe.unlink()


def _write_once(path: Path, text: str) -> None:
    """Write `text` to `path` in one step, unless it exists already."""
    with _drafted(path, text) as draft, contextlib.suppress(FileExistsError):
        os.link(draft, path)


@contextlib.contextmanager
def _drafted(path: Path, text: str) -> Iterator[Path]:
    """Write `text` to a private file beside `path`, which ends with the block."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
