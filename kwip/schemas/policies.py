"""The field of who may quote a post, or reply to it: in bodies, forms and settings."""

from __future__ import annotations

from typing import TypeVar

from marshmallow import fields

from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy
from kwip.text.translation import lazy_gettext

_Policy = TypeVar("_Policy", QuotePolicy, ReplyPolicy)


def policy_field(kind: type[_Policy]) -> fields.Enum[_Policy]:
    """Return the field of who may quote a post, or reply; None if it does not say."""
    return fields.Enum(
        kind,
        by_value=True,
        load_default=None,
        allow_none=True,
        error_messages={"unknown": lazy_gettext("Must be one of: {choices}.")},
    )
