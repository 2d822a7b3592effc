"""Cached entities about relationships: relations, lists, pull authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cache import keys
from kwip.domain.ids import UserId
from kwip.domain.memo import Decoded
from kwip.domain.timelines.timelines import MOST_PULLED, Pulls
from kwip.services.reading import list_payloads, payloads
from kwip.services.reading.loader import Kind
from kwip.store.social.list_edges import list_of

if TYPE_CHECKING:
    from kwip.domain.ids import ListId
    from kwip.domain.social.relationships import Relations
    from kwip.domain.timelines.lists import Listing, UserList
    from kwip.services.reading.stores import Stores

#: Memory of a process for the relations of about 300 readers, and for the pull authors,
#: a single value of up to 32 kB.
RELATIONS_BYTES, PULLS_BYTES = 1_000_000, 500_000


def relations(stores: Stores) -> Kind[UserId, Relations]:
    """Return the kind of relations."""
    return Kind(
        name="relations",
        key=keys.relations,
        variant=lambda _: "doc.9",
        encode=payloads.encode_relations,
        decode=Decoded(
            payloads.decode_relations, RELATIONS_BYTES, besides=2_000, times=10
        ),
        load=stores.relationships.relations,
        ttl_s=keys.AUTHORITY_TTL_S,
        is_streamed=True,
    )


def lists(stores: Stores) -> Kind[UserId, tuple[UserList, ...]]:
    """Return the kind of an owner's lists."""
    return Kind(
        name="lists",
        key=keys.lists,
        variant=lambda _: "all.2",
        encode=list_payloads.encode_lists,
        decode=list_payloads.decode_lists,
        load=stores.lists.of_owners,
        ttl_s=keys.AUTHORITY_TTL_S,
        is_streamed=True,
    )


def listings(stores: Stores) -> Kind[tuple[UserId, ListId], Listing]:
    """Return the kind of single lists with their members."""
    return Kind(
        name="listing",
        key=lambda i: keys.lists(i[0]),
        variant=lambda i: f"{i[1]}.2",
        encode=list_payloads.encode_listing,
        decode=list_payloads.decode_listing,
        load=stores.lists.get_many,
        ttl_s=keys.AUTHORITY_TTL_S,
        is_streamed=True,
    )


def list_owners(stores: Stores) -> Kind[ListId, UserId]:
    """Return the kind that says whose a list is, which never changes.

    It has the key of the list's timeline, with which it is read.
    """
    return Kind(
        name="list_owner",
        key=lambda list_id: keys.timeline(list_of(list_id)),
        variant=lambda _: "owner",
        encode=lambda user_id: str(user_id).encode(),
        decode=lambda raw: UserId(int(raw)),
        load=stores.lists.owners,
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=True,
    )


def pulls(stores: Stores) -> Kind[UserId, Pulls]:
    """Return the kind of pull authors."""
    return Kind(
        name="pulls",
        key=lambda _: keys.pulls(),
        variant=lambda _: "doc.2",
        encode=payloads.encode_pulls,
        decode=Decoded(payloads.decode_pulls, PULLS_BYTES, besides=500, times=10),
        load=lambda ids: dict.fromkeys(
            ids, Pulls.of(stores.pull_authors.last_pulls(MOST_PULLED + 1))
        ),
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=True,
    )
