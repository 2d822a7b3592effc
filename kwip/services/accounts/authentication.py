"""Find out who makes a request: sessions, personal tokens, sign-in.

A credential is `<user id>.<secret>`, so that everything about the viewer can be read in
the first round trip. Reads take it from the cache like any other entity; the permission
for a write always comes from MongoDB.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kwip import telemetry
from kwip.cache import invalidation_rules
from kwip.cache.keys import PAGE_TTL_S
from kwip.domain.accounts.users import (
    ADMIN_READ,
    ADMIN_WRITE,
    PUSH,
    READ,
    WRITE,
    Viewer,
)
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotAuthenticatedError, NotFoundError
from kwip.domain.ids import UserId, parse_id
from kwip.domain.messages import lazy_gettext
from kwip.services.reading.account_entities import AccessKeyId
from kwip.services.reading.loader import Lookup
from kwip.store.accounts.access_keys import AccessKey
from kwip.store.accounts.users import digest_of
from kwip.text.emails import read_email

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwip.domain.accounts.users import Email
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId
    from kwip.services.accounts.closures import Closures
    from kwip.services.accounts.passwords import Passwords
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.login_documents import Credentials

SESSION_LIFETIME = dt.timedelta(days=30)
#: More browsers than anyone uses; a script that signs in each time ends its oldest
#: session.
MAX_SESSIONS = 50
SCOPES = frozenset({READ, WRITE})
TOKEN_SCOPES = SCOPES | {PUSH, ADMIN_READ, ADMIN_WRITE}
TOKEN_NAME_MAX, MAX_TOKENS = 60, 100
_TOO_MANY = lazy_gettext("You have too many tokens.")
_TOKENS = lazy_gettext(
    "You can have up to %(limit)s. Revoke one first.", limit=MAX_TOKENS
)
_SUSPENDED = lazy_gettext("This account is suspended.")
_WAITING = lazy_gettext(
    "Your account is waiting for approval. "
    "We'll email you as soon as somebody has looked at it."
)
_SECRET_BYTES = 24
_SECRET_MAX = 200


@dataclass(frozen=True, slots=True)
class Credential:
    """What a browser or an app sends; `kind` says which of the two issued it."""

    kind: Literal["session", "token"]
    user_id: UserId
    secret: str

    @classmethod
    def parse(cls, kind: Literal["session", "token"], text: str) -> Credential | None:
        """Parse `<user id>.<secret>`; None if it cannot be one."""
        user, _, secret = text.partition(".")
        user_id = parse_id(user)
        is_shaped = secret.isascii() and 0 < len(secret) <= _SECRET_MAX
        if user_id is None or not is_shaped:
            return None
        return cls(kind, UserId(user_id), secret)

    @classmethod
    def from_header(cls, text: str) -> Credential | None:
        """Parse `Bearer <token>`; None if it cannot be one."""
        scheme, _, token = text.partition(" ")
        return cls.parse("token", token.strip()) if scheme.lower() == "bearer" else None

    @property
    def text(self) -> str:
        """The form in which it is sent."""
        return f"{self.user_id}.{self.secret}"

    @property
    def id(self) -> AccessKeyId:
        """The id under which it is stored, which does not reveal the secret."""
        return AccessKeyId(self.user_id, digest_of(self.secret))


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A personal token as the list shows it."""

    id: str
    name: str
    scopes: frozenset[str]
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Authentication:
    """Recognise viewers; begin and end their sessions and tokens."""

    stores: Stores
    entities: Entities
    fence: Fence
    passwords: Passwords
    closures: Closures
    clock: ClockMs

    def wants(
        self, credential: Credential, post_id: PostId | None, username: str | None
    ) -> tuple[Lookup[Any, Any], ...]:
        """Return the lookups for a credential, itself first.

        The viewer's relations and profile, the unread notifications for a page, and the
        post or user in the path are read with it, so that later steps find them.
        """
        kinds = {"session": self.entities.sessions, "token": self.entities.tokens}
        wants: list[Lookup[Any, Any]] = [
            Lookup(kinds[credential.kind], [credential.id]),
            Lookup(self.entities.relations, [credential.user_id]),
            Lookup(self.entities.users, [credential.user_id]),
        ]
        if credential.kind == "session":  # apps read it by a route of its own
            wants.append(Lookup(self.entities.unread, [credential.user_id]))
        return (*wants, *self.named(post_id, username))

    def named(
        self, post_id: PostId | None, username: str | None
    ) -> tuple[Lookup[Any, Any], ...]:
        """Return the lookups for the post or the user in the path."""
        wants: list[Lookup[Any, Any]] = []
        if post_id is not None:
            wants.append(Lookup(self.entities.posts, [post_id]))
        if username is not None:
            wants.append(Lookup(self.entities.handles, [username]))
        return tuple(wants)

    def open(
        self,
        credential: Credential | None,
        loader: Loader,
        *,
        post_id: PostId | None = None,
        username: str | None = None,
        first: Sequence[Lookup[Any, Any]] = (),
    ) -> Viewer | None:
        """Recognise a reader in one round trip to Redis (cold: one more, 4 queries).

        Everything that `wants` names is read with it, and what the page begins with.
        """
        if credential is None:
            return None
        guard, *others = self.wants(credential, post_id, username)
        found, *rest = loader.load_guarded(guard, *others, *first)
        if credential.id not in found:
            # An answer to an invalid credential must not be cached as that user's page:
            # the next request with that credential would be charged to the user.
            loader.bypass()
        user = rest[1].get(credential.user_id)
        if user is None or user.is_suspended:
            return None
        access_key = found.get(credential.id)
        if access_key is not None and self._ends_soon(access_key):
            loader.bypass()
        return self._viewer(access_key, user.language, user.time_zone)

    def confirm(self, credential: Credential | None) -> Viewer | None:
        """Recognise a writer straight from MongoDB: one query.

        Like `open`, it does not accept suspended users.
        """
        if credential is None:
            return None
        stores = {"session": self.stores.sessions, "token": self.stores.tokens}
        found = stores[credential.kind].find_usable(
            credential.user_id, digest_of(credential.secret)
        )
        if found is None:
            return None
        return self._viewer(found, found.language, found.time_zone)

    def _ends_soon(self, access_key: AccessKey) -> bool:
        """Return whether the credential ends before a cached page might."""
        kept_until = at(self.clock()) + dt.timedelta(seconds=PAGE_TTL_S)
        return access_key.expires_at is not None and access_key.expires_at <= kept_until

    def _viewer(
        self, access_key: AccessKey | None, language: str, time_zone: str
    ) -> Viewer | None:
        if access_key is None:
            return None
        # MongoDB removes expired sessions only once a minute, the cache still later.
        expires_at = access_key.expires_at
        if expires_at is not None and expires_at <= at(self.clock()):
            return None
        return Viewer(
            id=access_key.user_id,
            username=access_key.username,
            digest=access_key.digest,
            scopes=access_key.scopes,
            language=language,
            time_zone=time_zone,
        )

    def prove(
        self, login: str, password: str, *, is_known: bool = False
    ) -> Credentials:
        """Find the owner of a username or an email address by their password.

        With `is_known`, it waits when others are refused because there are too many.

        Raises:
            NotAuthenticatedError: The same, and equally slow, whether or not the user
                exists. Only somebody who knows the password learns that an account is
                suspended, or waits for approval.
        """
        known = self.stores.users.credentials_of(login_of(login))
        stored = known.password_hash if known else None
        is_right = self.passwords.matches(stored, password, waits=is_known)
        if not is_right or known is None:
            raise NotAuthenticatedError(lazy_gettext("Wrong username or password."))
        if self.closures.locks_out(known):
            raise NotAuthenticatedError(_SUSPENDED)
        if known.is_waiting:
            raise NotAuthenticatedError(_WAITING)
        return known

    def begin_session(self, user_id: UserId, username: str, agent: str) -> Credential:
        """Begin a session for a user who has just signed in.

        An account that its owner has closed is open again. The oldest sessions end if
        the user now has more than `MAX_SESSIONS`.
        """
        self.closures.reopen(user_id, username)
        credential = Credential(
            "session", user_id, secrets.token_urlsafe(_SECRET_BYTES)
        )
        now, sessions = at(self.clock()), self.stores.sessions
        sessions.create(
            AccessKey(
                user_id=user_id,
                digest=credential.id.digest,
                username=username,
                name=agent[:200],
                scopes=SCOPES,
                created_at=now,
                expires_at=now + SESSION_LIFETIME,
            )
        )
        digest = credential.id.digest
        ended = sessions.end_oldest(user_id, MAX_SESSIONS - 1, now, but=digest)
        self.fence.invalidate(
            invalidation_rules.sign_in(user_id=user_id, digest=digest, sessions=ended)
        )
        sessions.forget(user_id, ended)
        return credential

    def require_current(self, owner: Credentials, begun: Credential) -> None:
        """End a session again if it began with a password that was changed meanwhile.

        A change of the password, or of the other factors, is stored before the existing
        sessions are ended; a session that begins later is checked here.

        Raises:
            NotAuthenticatedError: Something was changed.
        """
        now = self.stores.users.credentials_of(owner.username)
        if now is not None and now.proof == owner.proof:
            return
        self.stores.sessions.delete(owner.user_id, begun.id.digest)
        self._invalidate(invalidation_rules.sign_out, begun.id)
        raise NotAuthenticatedError(
            lazy_gettext("Your account has just been changed. Log in again.")
        )

    def sign_out(self, viewer: Viewer) -> None:
        """End the viewer's session."""
        telemetry.AUTH_EVENTS.labels("signed_out").inc()
        self.stores.sessions.delete(viewer.id, viewer.digest)
        self._invalidate(
            invalidation_rules.sign_out, AccessKeyId(viewer.id, viewer.digest)
        )

    def create_token(
        self, viewer: Viewer, name: str, scopes: frozenset[str]
    ) -> tuple[TokenInfo, str]:
        """Create a personal token; its text is returned only here.

        Raises:
            InvalidError: The name or the scopes are not allowed, or there are
                `MAX_TOKENS` already.
        """
        name = name.strip()
        self.require_creatable(viewer, name, scopes)
        credential = Credential(
            "token", viewer.id, secrets.token_urlsafe(_SECRET_BYTES)
        )
        stored = AccessKey(
            user_id=viewer.id,
            digest=credential.id.digest,
            username=viewer.username,
            name=name,
            scopes=scopes,
            created_at=at(self.clock()),
        )
        self.stores.tokens.create(stored)
        telemetry.AUTH_EVENTS.labels("token_created").inc()
        self._invalidate(invalidation_rules.create_token, credential.id)
        return _info(stored), credential.text

    def require_creatable(
        self, viewer: Viewer, name: str, scopes: frozenset[str]
    ) -> None:
        """Check that a token can be created, as `create_token` does.

        Raises:
            InvalidError: It can't.
        """
        _require_usable(name, scopes)
        if len(self.stores.tokens.of_user(viewer.id)) >= MAX_TOKENS:
            raise InvalidError(_TOO_MANY, {"name": _TOKENS})

    def tokens(self, viewer: Viewer) -> list[TokenInfo]:
        """List the viewer's personal tokens, oldest first; one query."""
        return [_info(token) for token in self.stores.tokens.of_user(viewer.id)]

    def revoke_token(self, viewer: Viewer, token_id: str) -> None:
        """Revoke one of the viewer's personal tokens.

        Raises:
            NotFoundError: There is no such token. What is cached of it is invalidated
                anyway.
        """
        was_there = self.stores.tokens.delete(viewer.id, token_id)
        self._invalidate(
            invalidation_rules.revoke_token, AccessKeyId(viewer.id, token_id)
        )
        if not was_there:
            raise NotFoundError(lazy_gettext("Token not found."))
        telemetry.AUTH_EVENTS.labels("token_revoked").inc()

    def _invalidate(
        self, keys_of: Callable[..., tuple[Any, ...]], access_key: AccessKeyId
    ) -> None:
        self.fence.invalidate(
            keys_of(user_id=access_key.user_id, digest=access_key.digest)
        )


def login_of(text: str) -> str | Email:
    """Normalise what somebody signs in with: a username, or an email address."""
    name = text.strip().lstrip("@")
    return read_email(name) if "@" in name else name.lower()


def _info(access_key: AccessKey) -> TokenInfo:
    return TokenInfo(
        access_key.digest, access_key.name, access_key.scopes, access_key.created_at
    )


def _require_usable(name: str, scopes: frozenset[str]) -> None:
    if not name or len(name) > TOKEN_NAME_MAX:
        limit = lazy_gettext("Use 1 to %(limit)s characters.", limit=TOKEN_NAME_MAX)
        raise InvalidError(
            lazy_gettext("That token name can't be used."), {"name": limit}
        )
    if not scopes or not scopes <= TOKEN_SCOPES:
        wrong = {"scopes": lazy_gettext("Choose at least one.")}
        raise InvalidError(lazy_gettext("These scopes can't be used."), wrong)
