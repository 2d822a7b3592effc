"""What all processes of a site must have in common, whatever machine they run on."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from config.endpoints import without_password
from config.quotas import QuotaSettings
from config.settings import rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from config.endpoints import Endpoints
    from config.settings import Settings

_VALUES = (
    *("origin", "live_origin", "signup", "post_max_chars", "pull_followers"),
    *("inactive_days", "media_max_bytes", "media_url", "media_descriptions"),
    *("static_url", "trusted_proxies", "media_by_proxy"),
    *("media_quota_bytes", "link_previews", "blogs", "confirm_email"),
    *(name for name in QuotaSettings.__annotations__ if name.startswith("quota_")),
)
_SERVERS = (
    *("mongodb_uri", "redis_cache_uri", "redis_cache_uris", "redis_queue_uri"),
    *("redis_realtime_uri", "media_store_uri"),
)
_KEYS = ("secret_keys", "secret_keys_in_file", "push_key")
#: The fields that must be the same on every machine.
SHARED = frozenset({*_VALUES, *_SERVERS, *_KEYS})

SECRET = "KWIP_SECRET_KEY"  # noqa: S105 -- the name of a setting
PUSH_KEY = "KWIP_PUSH_KEY"
FOLDER = "KWIP_MEDIA_FOLDER"
_DIGITS = 16


def shared(settings: Settings, endpoints: Endpoints) -> dict[str, str]:
    """Return what others must agree with, by variable; it contains no secret.

    Of the keys of cookies there is a digest each, in their order.
    """
    found = {
        rules()[name].variable: _as_written(getattr(settings, name)) for name in _VALUES
    }
    caches = {
        endpoints.cache_node: endpoints.redis_cache_uri,
        **endpoints.other_cache_uris,
    }
    servers = {
        "KWIP_REDIS_CACHE_URIS": ",".join(
            f"{name}={without_password(uri)}" for name, uri in sorted(caches.items())
        ),
        "KWIP_REDIS_QUEUE_URI": without_password(endpoints.redis_queue_uri),
        "KWIP_REDIS_REALTIME_URI": without_password(endpoints.redis_realtime_uri),
        "KWIP_MEDIA_STORE_URI": without_password(settings.media_store_uri or "none"),
    }
    if settings.live_origin is None:  # nobody polls at this process
        del found["KWIP_LIVE_ORIGIN"]
    known = {
        SECRET: " ".join(map(digest, endpoints.secret_keys)),
        PUSH_KEY: digest(endpoints.push_key),
    }
    return {**found, **servers, **known}


def _as_written(value: object) -> str:
    return str(int(value) if isinstance(value, bool) else value)


def of_folder(
    settings: Settings, folder_id: Callable[[Path], str | None]
) -> dict[str, str]:
    """Return what those must agree on that read and write files.

    That is the name of the folder, as `folder_id` gives it; nothing if files are in a
    bucket.
    """
    if settings.media_store_uri:
        return {}
    return {FOLDER: folder_id(settings.media_folder) or "none"}


def digest(key: str) -> str:
    """Return what identifies a key, and does not help to guess it."""
    return hashlib.sha256(key.encode()).hexdigest()[:_DIGITS]


def differences(
    ours: Mapping[str, str], theirs: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield each variable with other values: its name, ours and theirs.

    A variable that only one version of Kwip has is not compared. Lists of keys may
    differ while keys are changed, as long as each accepts what the other signs with.
    """
    for variable in sorted(ours.keys() & theirs.keys()):
        our, their = ours[variable], theirs[variable]
        if variable == SECRET and _accept_each_other(our.split(), their.split()):
            continue
        if our != their:
            yield variable, our, their


def _accept_each_other(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    return _first(ours) in theirs and _first(theirs) in ours


def _first(keys: Iterable[str]) -> str:
    return next(iter(keys), "")
