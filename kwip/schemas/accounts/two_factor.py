"""The forms of two-factor authentication."""

from __future__ import annotations

from dataclasses import dataclass

from kwip.domain.accounts.two_factor import Answer, Proof
from kwip.schemas.body import StrictSchema, Text, line


@dataclass(frozen=True, slots=True)
class SecondStep:
    """An answer, and where to go after logging in."""

    answer: Answer
    next: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """The name of a new passkey, and what allows to add it."""

    name: str
    proof: Proof


class SecondStepForm(StrictSchema[SecondStep]):
    """The second step of logging in, or the only one with a passkey."""

    code = line(is_required=False)
    assertion = Text(load_default="")
    next = Text(load_default="")

    def make(self, *, code: str, assertion: str, next: str) -> SecondStep:  # noqa: A002 - the field's name
        """Build the value."""
        return SecondStep(Answer(code=code, assertion=assertion), next)


class CodeForm(StrictSchema[str]):
    """A code of the app that is being set up."""

    code = line()

    def make(self, *, code: str) -> str:
        """Return the code."""
        return code


class ProofForm(StrictSchema[Proof]):
    """The password, and a code or a passkey if two-factor authentication is on."""

    password = line()
    code = line(is_required=False)
    assertion = Text(load_default="")

    def make(self, *, password: str, code: str, assertion: str) -> Proof:
        """Build the proof."""
        return Proof(password=password, answer=Answer(code=code, assertion=assertion))


class NewPasskeyForm(StrictSchema[NewPasskey]):
    """The same, with a name for a new passkey."""

    name = line()
    password = line()
    code = line(is_required=False)
    assertion = Text(load_default="")

    def make(
        self, *, name: str, password: str, code: str, assertion: str
    ) -> NewPasskey:
        """Build the value."""
        answer = Answer(code=code, assertion=assertion)
        return NewPasskey(name, Proof(password=password, answer=answer))


class PasskeyForm(StrictSchema[str]):
    """What a browser made."""

    passkey = Text(load_default="")

    def make(self, *, passkey: str) -> str:
        """Return it."""
        return passkey
