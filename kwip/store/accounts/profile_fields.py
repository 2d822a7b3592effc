"""The fields of a profile, as users have them in their documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.accounts.users import ProfileField

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.store.client import Document


def field_documents(fields: Iterable[ProfileField]) -> list[Document]:
    """Return the documents of profile fields."""
    return [
        {"name": x.name, "value": x.value, "verified_at": x.verified_at} for x in fields
    ]


def to_fields(documents: Iterable[Document]) -> tuple[ProfileField, ...]:
    """Convert stored fields; those of older schemas were never verified."""
    return tuple(
        ProfileField(x["name"], x["value"], x.get("verified_at")) for x in documents
    )
