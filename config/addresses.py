"""Where the parts of an installation listen, where one follows from another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from config import values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HIGHEST_PORT = 65_535
_METRICS_STEP = 1_000
_METRICS_ORDER = ("web", "live", "worker", "sweeper")


def local_origin(known: Mapping[str, Any]) -> str:
    """Return the address of a web server without a proxy in front of it."""
    return f"http://127.0.0.1:{known['port']}"


def metrics_port(known: Mapping[str, Any]) -> int:
    """Choose the port of the metrics, well away from the others."""
    above: int = known["port"] + _METRICS_STEP
    return above if above <= HIGHEST_PORT else above - 2 * _METRICS_STEP


def role_metrics_port(metrics_port: int, role: str) -> int:
    """Choose the port of the metrics of a role that is started by itself.

    The roles have neighbouring ports, so that all of them can run on one machine with
    the same settings.
    """
    found = metrics_port + _METRICS_ORDER.index(role)
    return found if found <= HIGHEST_PORT else found - 2 * _METRICS_STEP


def live_port(known: Mapping[str, Any]) -> int:
    """Choose the port beside the web server's."""
    port: int = known["port"]
    return port + 1 if port < HIGHEST_PORT else port - 1


def live_origin(known: Mapping[str, Any]) -> str | None:
    """Return where pages poll: at the live port, or at the site behind a proxy."""
    if not known["live_port"]:
        return None
    host, _, port = known["origin"].rpartition(":")
    if host.startswith("http:") and port == str(known["port"]):
        return f"{host}:{known['live_port']}"
    return values.SAME  # behind a proxy


def contradictions(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield which values contradict each other."""
    if found["live_port"] == found["port"]:
        yield f"KWIP_LIVE_PORT={found['live_port']}: must be different from KWIP_PORT"
    if found["metrics_port"] in {found["port"], found["live_port"]}:
        yield (
            f"KWIP_METRICS_PORT={found['metrics_port']}: must be different"
            " from KWIP_PORT and KWIP_LIVE_PORT"
        )
    caches, node = found["redis_cache_uris"], found["cache_node"]
    if caches is not None and node not in caches:
        yield f"KWIP_CACHE_NODE={node}: must be a name in KWIP_REDIS_CACHE_URIS"
    if caches is not None and found["redis_cache_uri"] is not None:
        yield "KWIP_REDIS_CACHE_URI=…: must be empty if KWIP_REDIS_CACHE_URIS is set"
    if found["secret_keys"] and found["secret_keys_in_file"]:
        yield "KWIP_SECRET_KEY_FILE: must be empty if KWIP_SECRET_KEY is set"
    if found["media_by_proxy"] and found["media_store_uri"]:
        yield "KWIP_MEDIA_BY_PROXY=1: must be 0 if KWIP_MEDIA_STORE_URI is set"
    yield from _insecure(found)
    live, host = found["live_origin"], urlsplit(found["origin"]).hostname
    if live not in {None, values.SAME} and urlsplit(live).hostname != host:
        yield f"KWIP_LIVE_ORIGIN={live}: must have the host of KWIP_ORIGIN ({host})"


def _insecure(found: Mapping[str, Any]) -> Iterator[str]:
    static = found["static_url"]
    if static.startswith("http:") and found["origin"].startswith("https:"):
        yield (
            f"KWIP_STATIC_URL={static}: must begin with https: if KWIP_ORIGIN does,"
            " because browsers load no script of a secure page otherwise"
        )
