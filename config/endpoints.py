"""The addresses of an installation's services, with the secrets to use them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The addresses and secrets that everything else is built from.

    The URIs contain passwords, so none of them is part of the representation.
    """

    mongodb_uri: str = field(repr=False)
    database: str
    redis_cache_uri: str = field(repr=False)
    cache_node: str = "cache"
    #: The caches that other processes read, by their names.
    other_cache_uris: Mapping[str, str] = field(default_factory=dict, repr=False)
    redis_queue_uri: str = field(repr=False)
    redis_realtime_uri: str = field(repr=False)
    #: The keys of cookies and form tokens: the first signs, older ones are accepted.
    secret_keys: Sequence[str] = field(repr=False)
    #: Keys that nothing is signed with any more: they only decrypt what is stored.
    retired_keys: Sequence[str] = field(default=(), repr=False)
    #: What the key pair is made from that push services know the site by.
    push_key: str = field(default="", repr=False)


def without_password(uri: str) -> str:
    """Return `uri` in a form to show: without user name and password."""
    return re.sub("//[^/@]*@", "//", uri, count=1)
