"""The forms of two-factor authentication."""

from __future__ import annotations

from dataclasses import dataclass

from kwip.domain.two_factor import Proof
from kwip.schemas.body import StrictSchema, Text, line


@dataclass(frozen=True, slots=True)
class SecondStep:
    """A code, and where to go after logging in."""

    code: str
    next: str


class SecondStepForm(StrictSchema[SecondStep]):
    """The second step of logging in."""

    code = line(is_required=False)
    next = Text(load_default="")

    def make(self, *, code: str, next: str) -> SecondStep:  # noqa: A002 - the field's name
        """Build the value."""
        return SecondStep(code, next)


class CodeForm(StrictSchema[str]):
    """A code of the app that is being set up."""

    code = line()

    def make(self, *, code: str) -> str:
        """Return the code."""
        return code


class ProofForm(StrictSchema[Proof]):
    """The password, and a code if two-factor authentication is on."""

    password = line()
    code = line(is_required=False)

    def make(self, *, password: str, code: str) -> Proof:
        """Build the proof."""
        return Proof(password=password, code=code)
