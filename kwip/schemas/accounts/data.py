"""The form to import a file."""

from __future__ import annotations

from kwip.domain.accounts.transfers import FILE_KINDS
from kwip.schemas.body import StrictSchema, choice


class ImportForm(StrictSchema[str]):
    """What kind of file it is; the file itself is not a field."""

    kind = choice(*FILE_KINDS)

    def make(self, *, kind: str) -> str:
        """Return the kind."""
        return kind
