"""Encode and decode lists for the cache."""

from __future__ import annotations

import json
from typing import Any

from kwip.domain.ids import ListId, UserId
from kwip.domain.timelines.lists import Listing, RepliesPolicy, UserList


def encode_lists(lists: tuple[UserList, ...]) -> bytes:
    """Encode all lists of an owner."""
    return _json([_row(each) for each in lists])


def decode_lists(raw: bytes) -> tuple[UserList, ...]:
    """Decode all lists of an owner."""
    return tuple(_list(row) for row in json.loads(raw))


def encode_listing(listing: Listing) -> bytes:
    """Encode a list and its members."""
    return _json([_row(listing.list), sorted(listing.member_ids)])


def decode_listing(raw: bytes) -> Listing:
    """Decode a list and its members."""
    row, members = json.loads(raw)
    return Listing(_list(row), frozenset(map(UserId, members)))


def _row(each: UserList) -> list[Any]:
    return [
        each.id,
        each.owner_id,
        each.title,
        each.replies_policy.value,
        each.is_exclusive,
        each.is_public,
        each.members_count,
    ]


def _list(row: list[Any]) -> UserList:
    list_id, owner_id, title, policy, is_exclusive, is_public, members_count = row
    return UserList(
        id=ListId(list_id),
        owner_id=UserId(owner_id),
        title=title,
        replies_policy=RepliesPolicy(policy),
        is_exclusive=is_exclusive,
        is_public=is_public,
        members_count=members_count,
    )


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
