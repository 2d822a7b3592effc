"""Tell whether two machines use the same folder for uploaded files.

They may have mounted it at different places, so its path says nothing. A small file
with a random name for the folder does; it is no upload, and nobody can request it.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FILE = ".kwip-folder"


def read_folder_id(root: Path) -> str | None:
    """Return the name of a folder; None if it has none or cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        return (root / _FILE).read_text(encoding="ascii").strip() or None
    return None


def make_folder_id(root: Path) -> str | None:
    """Return the name of a folder, and name it if it has none; safe to race.

    None if that is not possible, for example on a full disk.
    """
    draft = root / f"{_FILE}-{secrets.token_hex(8)}"
    if read_folder_id(root) is None:
        with suppress(OSError):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(secrets.token_hex(8), encoding="ascii")
            with suppress(FileExistsError):
                os.link(draft, root / _FILE)
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return read_folder_id(root)
