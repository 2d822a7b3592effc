"""Policies that several API routes share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.blueprints.table import Policy

if TYPE_CHECKING:
    from kwip.blueprints.table import Quota

#: What apps request before anyone signs in. It is answered from memory: charging it
#: would cost more than answering.
ANYBODY = Policy(auth="none", scope=None, quota="none", cache="private", csrf="none")
#: Public reads; a token shows more.
OPEN_READ = Policy(
    auth="optional_token",
    scope="read",
    quota="api",
    cache="private",
    csrf="none",
    secondaries="visitors",
)
READ = Policy(auth="token", scope="read", quota="api", cache="private", csrf="none")
#: Timelines and threads, which apps request again and again.
CACHED_OPEN_READ = replace(OPEN_READ, page_cache="page")
CACHED_READ = replace(READ, page_cache="page")
CACHED_HOME = replace(READ, page_cache="home")


def write(quota: Quota) -> Policy:
    """Return the policy of a write that is charged to `quota`."""
    return Policy(auth="token", scope="write", quota=quota, cache="never", csrf="none")
