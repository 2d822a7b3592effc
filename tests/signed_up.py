"""People whom an earlier test of this process has signed up, as documents again.

A sign-up and a token are a transaction and more than ten commands; this is two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import Viewer
from kwip.domain.clock import at
from kwip.domain.ids import UserId
from kwip.services.accounts.authentication import Credential
from kwip.store.timelines.buckets import home_of
from tests.documents import insert

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User
    from kwip.services.accounts.users import SignUp
    from kwip.wiring import Wiring
    from tests.documents import Documents


@dataclass(frozen=True)
class _First:
    """What the first sign-up with a form returned and wrote."""

    user: User
    token: str
    documents: Documents


_FIRST: dict[tuple[SignUp, frozenset[str]], _First] = {}


def sign_up(
    wiring: Wiring, form: SignUp, scopes: frozenset[str] = frozenset()
) -> tuple[User, str]:
    """Sign somebody up and make a token with `scopes`, if there are any.

    Kwip does it for the first time in this process. Later the same documents are
    written with a new id, so nobody is older than their test; that the name or the
    address is taken is not looked for then.
    """
    first = _FIRST.get((form, scopes))
    if first is not None:
        return _again(wiring, first)
    user = wiring.services.users.sign_up(form)
    token = create_token(wiring, user, scopes) if scopes else ""
    _FIRST[form, scopes] = _First(user, token, _written(wiring, user))
    return user, token


def create_token(wiring: Wiring, user: User, scopes: frozenset[str]) -> str:
    """Create a token as Kwip does, and return its text."""
    viewer = Viewer(id=user.id, username=user.username, digest="")
    return wiring.services.authentication.create_token(viewer, "test", scopes)[1]


def _written(wiring: Wiring, user: User) -> Documents:
    """Read what a sign-up and a token wrote."""
    wanted = {
        "claims": {"user_id": user.id},
        "users": {"_id": user.id},
        "credentials": {"_id": user.id},
        "timelines": {"_id": home_of(user.id)},
        "tokens": {"user_id": user.id},
    }
    database = wiring.store.database
    return {name: list(database[name].find(wanted[name])) for name in wanted}


def _again(wiring: Wiring, first: _First) -> tuple[User, str]:
    users = wiring.services.users
    users.clock_guard.require()
    user = replace(first.user, id=UserId(users.ids.next_id(users.ids.random_slot())))
    now = at(wiring.services.authentication.clock())

    def renewed(key: str, value: Any) -> Any:
        if key == "created_at":
            return now
        if value == first.user.id:
            return user.id
        of_user = isinstance(value, str) and key == "_id"
        return value.replace(str(first.user.id), str(user.id)) if of_user else value

    documents = {
        name: [{key: renewed(key, d[key]) for key in d} for d in found]
        for name, found in first.documents.items()
    }
    insert(wiring.store.database, documents)
    invalidated = invalidation_rules.sign_up(user_id=user.id, username=user.username)
    token = first.token.replace(str(first.user.id), str(user.id))
    credential = Credential.parse("token", token)
    if credential is not None:
        invalidated += invalidation_rules.create_token(
            user_id=user.id, digest=credential.id.digest
        )
    wiring.fence.invalidate(invalidated)
    return user, token
