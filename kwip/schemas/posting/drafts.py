"""Which saved draft a form continues."""

from __future__ import annotations

from marshmallow import Schema, fields

from kwip.domain.drafts import Continued
from kwip.schemas.body import BodySchema, Id


class WithDraft(Schema):
    """Fields of a form that `ContinuedForm` reads."""

    draft_id = fields.Raw()
    draft_version = fields.Raw()


class ContinuedForm(BodySchema[Continued]):
    """The part of a form that says which draft it continues."""

    draft_id = Id(load_default=None, allow_none=True)
    draft_version = Id(load_default=None, allow_none=True)

    def make(self, *, draft_id: int | None, draft_version: int | None) -> Continued:
        """Build the value."""
        return Continued(draft_id, draft_version or 0)
