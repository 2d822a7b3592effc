"""Every setting of Kwip: its variable, its default, what is allowed and why.

Settings come from environment variables only. They are read once, at the top of a
program, and passed down as values; nothing below `kwip.wiring` imports this module.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from config import addresses, values
from config.rules import Rule
from config.secret_keys import WeakKeyError
from config.servers import ServerSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The folder that holds `kwip/` and `config/`.
PROJECT = Path(__file__).resolve().parents[1]


class SettingsError(Exception):
    """Some settings have values that Kwip cannot use.

    `problems` has one line for each bad value: the variable, its value (without a
    password) and what is allowed.
    """

    def __init__(self, problems: list[str]):
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ServerSettings):
    """What an operator chose; see each field's declaration for its meaning."""

    home: Annotated[
        Path,
        Rule(
            "KWIP_HOME",
            values.folder,
            PROJECT / "var",
            shown="`var/` in the project, whatever folder one calls from",
            allowed="a folder",
            doc="Everything that this installation stores: databases, passwords, logs.",
        ),
    ]
    port: Annotated[
        int,
        Rule(
            "KWIP_PORT",
            values.number(1, addresses.HIGHEST_PORT),
            8000,
            shown="8000",
            allowed="a free port from 1 to 65535",
            doc="The port of the web server. Two installations need two ports.",
        ),
    ]
    bind: Annotated[
        str,
        Rule(
            "KWIP_BIND",
            values.address,
            "127.0.0.1",
            shown="127.0.0.1",
            allowed="an IP address of this machine, such as 127.0.0.1 or 0.0.0.0",
            doc="The address that the web server listens on.",
        ),
    ]
    origin: Annotated[
        str,
        Rule(
            "KWIP_ORIGIN",
            values.origin,
            addresses.local_origin,
            shown="`http://127.0.0.1:<port>`",
            allowed="an address without a path, such as https://kwip.example.org",
            doc="Where people reach Kwip; it starts every absolute URL. Only an https "
            "origin makes cookies Secure and sends HSTS.",
        ),
    ]
    live_port: Annotated[
        int,
        Rule(
            "KWIP_LIVE_PORT",
            values.number(0, addresses.HIGHEST_PORT),
            addresses.live_port,
            shown="port + 1",
            allowed="a free port from 1 to 65535, or 0 for none",
            doc="The port of the live process, which tells open pages of what is new.",
        ),
    ]
    live_origin: Annotated[
        str | None,
        Rule(
            "KWIP_LIVE_ORIGIN",
            values.origin_or_same,
            addresses.live_origin,
            shown="the site's address with the live port; `same` when `KWIP_ORIGIN` "
            "does not name the web server's own port, for then a proxy is in front",
            allowed="an address on the host of KWIP_ORIGIN, or same",
            doc="Where pages reach the live process. `same`: a proxy leads `/poll/` "
            "on the site's own address there. The cookie goes to no other host.",
        ),
    ]
    metrics_port: Annotated[
        int,
        Rule(
            "KWIP_METRICS_PORT",
            values.number(1, addresses.HIGHEST_PORT),
            addresses.metrics_port,
            shown="port + 1000",
            allowed="a free port from 1 to 65535",
            doc="The port, on 127.0.0.1 only, with the metrics of all processes.",
        ),
    ]
    demo: Annotated[
        bool,
        Rule(
            "KWIP_DEMO",
            values.flag,
            default=True,
            shown="1",
            allowed="1 or 0",
            doc="Whether `make run` fills an empty database with the demo world.",
        ),
    ]
    web_workers: Annotated[
        int,
        Rule(
            "KWIP_WEB_WORKERS",
            values.number(1, 64),
            2,
            shown="2",
            allowed="a number from 1 to 64",
            doc="Processes of the web server.",
        ),
    ]
    web_threads: Annotated[
        int,
        Rule(
            "KWIP_WEB_THREADS",
            values.number(1, 64),
            8,
            shown="8",
            allowed="a number from 1 to 64",
            doc="Threads of each web process.",
        ),
    ]
    worker_threads: Annotated[
        int,
        Rule(
            "KWIP_WORKER_THREADS",
            values.number(1, 64),
            4,
            shown="4",
            allowed="a number from 1 to 64",
            doc="Threads of the job worker.",
        ),
    ]
    cache_change_stream: Annotated[
        bool,
        Rule(
            "KWIP_CACHE_CHANGE_STREAM",
            values.flag,
            default=True,
            shown="1",
            allowed="1 or 0",
            doc="Whether the sweeper follows MongoDB's changes and repeats the drops "
            "of writers that died before theirs. 0: what they wrote is seen when the "
            "times to live have run out, after 5 minutes at most.",
        ),
    ]
    post_max_chars: Annotated[
        int,
        Rule(
            "KWIP_POST_MAX_CHARS",
            values.number(1, 10_000),
            500,
            shown="500",
            allowed="a number from 1 to 10000",
            doc="The longest text of a kwip, in characters.",
        ),
    ]
    pull_followers: Annotated[
        int,
        Rule(
            "KWIP_PULL_FOLLOWERS",
            values.number(1, 1_000_000_000),
            10_000,
            shown="10000",
            allowed="a number from 1 to 1000000000",
            doc="From so many active followers on an author's new posts are merged "
            "into homes when these are read, instead of delivered into each. Below "
            "seven tenths of it new ones are delivered again.",
        ),
    ]
    inactive_days: Annotated[
        int,
        Rule(
            "KWIP_INACTIVE_DAYS",
            values.number(1, 36_500),
            14,
            shown="14",
            allowed="a number from 1 to 36500",
            doc="After so many days without a look at home, posts are delivered there "
            "no more; home is built anew when its owner comes back.",
        ),
    ]
    trusted_proxies: Annotated[
        int,
        Rule(
            "KWIP_TRUSTED_PROXIES",
            values.number(0, 8),
            0,
            shown="0",
            allowed="a number from 0 to 8",
            doc="How many proxies of yours a request passes; so many names from the "
            "end of X-Forwarded-For are believed. Quotas count the addresses of "
            "visitors: with a proxy in front and 0 here, all of them are one.",
        ),
    ]
    media_folder: Annotated[
        Path,
        Rule(
            "KWIP_MEDIA_FOLDER",
            values.folder,
            lambda known: known["home"] / "media",
            shown="`media/` in `KWIP_HOME`",
            allowed="a folder",
            doc="The pictures that people upload. Back it up with the database.",
        ),
    ]
    media_max_bytes: Annotated[
        int,
        Rule(
            "KWIP_MEDIA_MAX_BYTES",
            values.number(100_000, 33_554_432),
            8_388_608,
            shown="8388608 (8 MiB)",
            allowed="a number from 100000 to 33554432 (32 MiB)",
            doc="The largest picture that people may upload, in bytes. Forms with "
            "pictures wait in the folder for temporary files (`TMPDIR`): two pictures "
            "for each thread of each web process at most.",
        ),
    ]
    signup: Annotated[
        str,
        Rule(
            "KWIP_SIGNUP",
            values.choice("open", "closed"),
            "open",
            shown="open",
            allowed="open or closed",
            doc="Whether anybody may sign up on the web.",
        ),
    ]
    styleguide: Annotated[
        bool,
        Rule(
            "KWIP_STYLEGUIDE",
            values.flag,
            default=False,
            shown="0",
            allowed="1 or 0",
            doc="Whether `/styleguide` shows every part of the pages in every state; "
            "for who works on them.",
        ),
    ]


def rules() -> dict[str, Rule]:
    """Return the rule of each field, in their order."""
    hints = get_type_hints(Settings, include_extras=True)
    order = [name for cls in Settings.__mro__[:-1] for name in cls.__annotations__]
    return {name: hints[name].__metadata__[0] for name in order}


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings from `environ`; an empty value counts as none.

    Raises:
        SettingsError: With a line for each value that cannot be used.
    """
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name, rule in rules().items():
        text = environ.get(rule.variable, "")
        try:
            found[name] = rule.read(text, found)
        except WeakKeyError as error:
            problems.append(f"{rule.variable}: {error}")
            found[name] = rule.read("", found)
        except (ValueError, KeyError, OSError, RuntimeError):
            problems.append(_problem(rule, text))
            found[name] = rule.read("", found)
    problems += addresses.contradictions(found)
    if problems:
        raise SettingsError(problems)
    return Settings(**found)


def from_environment() -> Settings:
    """Read the settings of this process.

    Raises:
        SettingsError: With a line for each value that cannot be used.
    """
    return load(os.environ)  # noqa: TID251 -- the one place that reads them


def _problem(rule: Rule, text: str) -> str:
    # A URI may hold a password, and this line goes to a terminal or a log.
    shown = "…" if rule.variable.endswith(("_URI", "_URIS", "_KEY")) else text
    return f"{rule.variable}={shown}: must be {rule.allowed}"


def reference() -> str:
    """Write the text of `docs/configuration.md`."""
    lines = [
        "# Configuration",
        "",
        "Kwip is configured by environment variables.",
        "Every bad value is reported at once, before anything is started.",
        "An empty variable counts as none.",
        "This page is generated by `config.settings.reference()`.",
        "",
        "| variable | default | must be | what it does |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{rule.variable}` | {rule.shown} | {rule.allowed} | {rule.doc} |"
        for rule in rules().values()
    ]
    return "\n".join(lines) + "\n"
