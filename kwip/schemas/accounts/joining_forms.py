"""The forms of invitations, of requests to join, and of the waiting list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import fields

from kwip.schemas.body import Id, StrictSchema, Text, choice, line


@dataclass(frozen=True, slots=True)
class InvitationInput:
    """How many people an invitation may invite, and for how many days it works."""

    max_uses: int | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request to join."""

    user_id: int
    is_approved: bool
    text: str


class _Number(fields.Integer):
    """A whole number; an empty field is none."""

    def _deserialize(self, value: object, *args: Any, **kwargs: Any) -> Any:
        return None if value == "" else super()._deserialize(value, *args, **kwargs)


class InvitationForm(StrictSchema[InvitationInput]):
    """The limits of a new invitation; empty means none."""

    max_uses = _Number(load_default=None)
    days = _Number(load_default=None)

    def make(self, *, max_uses: int | None, days: int | None) -> InvitationInput:
        """Build the value."""
        return InvitationInput(max_uses, days)


class CodeForm(StrictSchema[str]):
    """The invitation to end."""

    code = line()

    def make(self, *, code: str) -> str:
        """Return its code."""
        return code


class WaitForm(StrictSchema[str]):
    """The address of somebody who wants to wait."""

    email = line()

    def make(self, *, email: str) -> str:
        """Return the address."""
        return email


class WaitingForm(StrictSchema[str]):
    """The address on the waiting list that is invited."""

    key = line()

    def make(self, *, key: str) -> str:
        """Return what identifies it."""
        return key


class AnswerForm(StrictSchema[Answer]):
    """The answer to a request to join, by the button that was pressed."""

    user = Id(required=True)
    act = choice("approve", "reject")
    answer = Text(load_default="")

    def make(self, *, user: int, act: str, answer: str) -> Answer:
        """Build the value."""
        return Answer(user, act == "approve", answer)
