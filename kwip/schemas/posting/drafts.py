"""Which saved draft a form continues."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from kwip.domain.posting.drafts import UNDO_S, Continued
from kwip.schemas.body import BodySchema, Id


class WithDraft(Schema):
    """Fields of a form that `ContinuedForm` reads."""

    draft_id = fields.Raw()
    draft_version = fields.Raw()
    wait_s = fields.Raw()


class ContinuedForm(BodySchema[Continued]):
    """The part of a form that says which draft it continues."""

    draft_id = Id(load_default=None, allow_none=True)
    draft_version = Id(load_default=None, allow_none=True)

    def make(self, *, draft_id: int | None, draft_version: int | None) -> Continued:
        """Build the value."""
        return Continued(draft_id, draft_version or 0)


class WaitForm(BodySchema[int]):
    """How long what a form posts waits first, in seconds, so that it can be undone."""

    wait_s = fields.Integer(load_default=0, validate=validate.OneOf(UNDO_S))

    def make(self, *, wait_s: int) -> int:
        """Return it."""
        return wait_s
