"""Cached entities of accounts: users, handles, sessions and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import keys
from kwip.domain.ids import UserId
from kwip.domain.memo import Decoded
from kwip.services.reading import payloads
from kwip.services.reading.loader import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwip.cache.keys import CacheKey
    from kwip.domain.accounts.users import User
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.access_keys import AccessKey, AccessKeyStore

#: Enough for about 2,000 users in each process.
USERS_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class AccessKeyId:
    """A session or token, by its user and the digest of its secret."""

    user_id: UserId
    digest: str


def users(stores: Stores) -> Kind[UserId, User]:
    """Return the kind of users."""
    return Kind(
        name="user",
        key=keys.user,
        variant=lambda _: "doc.14",
        encode=payloads.encode_user,
        decode=Decoded(payloads.decode_user, USERS_BYTES, besides=300, times=4),
        version=lambda user: user.version,
        load=stores.users.get_many,
        ttl_s=keys.DOCUMENT_TTL_S,
        is_streamed=True,
    )


def handles(stores: Stores) -> Kind[str, UserId]:
    """Return the kind of handles."""
    return Kind(
        name="handle",
        key=keys.handle,
        encode=lambda user_id: str(user_id).encode(),
        decode=lambda raw: UserId(int(raw)),
        load=stores.users.ids_of,
        ttl_s=keys.DOCUMENT_TTL_S,
        is_streamed=True,
    )


def sessions(stores: Stores) -> Kind[AccessKeyId, AccessKey]:
    """Return the kind of sessions."""
    return _access_key_kind("session", keys.session, stores.sessions)


def tokens(stores: Stores) -> Kind[AccessKeyId, AccessKey]:
    """Return the kind of tokens."""
    return _access_key_kind("token", keys.token, stores.tokens)


def _access_key_kind(
    name: str, key: Callable[[UserId, str], CacheKey], store: AccessKeyStore
) -> Kind[AccessKeyId, AccessKey]:
    def load(ids: Sequence[AccessKeyId]) -> Mapping[AccessKeyId, AccessKey]:
        found = {i: store.find(i.user_id, i.digest) for i in ids}
        return {
            i: access_key for i, access_key in found.items() if access_key is not None
        }

    return Kind(
        name=name,
        key=lambda i: key(i.user_id, i.digest),
        encode=payloads.encode_access_key,
        decode=payloads.decode_access_key,
        load=load,
        ttl_s=keys.AUTHORITY_TTL_S,
        is_streamed=True,
    )
