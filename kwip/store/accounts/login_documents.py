"""What a sign-in is checked against: credentials, or an application that waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.ids import UserId

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Email
    from kwip.store.client import Document


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in is checked against.

    With `is_waiting`, there is no user yet, only an application.
    """

    user_id: UserId
    username: str
    email: str
    password_hash: str
    is_suspended: bool
    is_waiting: bool = False
    #: Changes with the other factors; empty if the password is the only one.
    two_factor_mark: str = ""
    #: Has never signed in, after an approval.
    is_awaited: bool = False

    @property
    def proof(self) -> str:
        """What changes with the password or another factor."""
        return f"{self.password_hash} {self.two_factor_mark}"


def applicant_by(login: str | Email) -> Document:
    """Return the query for the application of a handle or an address."""
    if isinstance(login, str):
        return {"username": login}
    return {"email_key": login.key}


def credentials_from(
    found: Document | None, user: Document | None, *, is_waiting: bool
) -> Credentials | None:
    """Return what a document of credentials, or an application, and a user say."""
    if found is None or user is None:
        return None
    return Credentials(
        user_id=UserId(found["_id"]),
        username=user["username"],
        email=found["email"],
        password_hash=found["password_hash"],
        is_suspended=user.get("is_suspended", False),
        is_waiting=is_waiting,
        two_factor_mark=(found.get("two_factor") or {}).get("mark", ""),
        is_awaited=found.get("is_awaited", False),
    )
