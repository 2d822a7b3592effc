"""Every setting of Kwip: its variable, default, allowed values and purpose.

Settings come only from environment variables, to which the command line may add those
in a file. They are read once, at the start of a program, and passed down as values;
nothing below `kwip.wiring` imports this module.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from config import addresses, values
from config.push import PushSettings
from config.rules import Rule
from config.secret_keys import WeakKeyError

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
class Settings(PushSettings):
    """What the operator chose; the declaration of each field says what it means."""

    home: Annotated[
        Path,
        Rule(
            "KWIP_HOME",
            values.folder,
            PROJECT / "var",
            shown="`var/` in the project, whatever the current folder is",
            allowed="a folder",
            doc="The folder for everything that Kwip stores: databases, passwords, "
            "logs.",
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
            doc="The port of the web server. Each installation needs its own.",
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
            doc="The address at which people reach Kwip. Every absolute URL begins "
            "with it. With https, cookies are Secure and HSTS is sent.",
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
            doc="The port of the live process, which updates open pages.",
        ),
    ]
    live_origin: Annotated[
        str | None,
        Rule(
            "KWIP_LIVE_ORIGIN",
            values.origin_or_same,
            addresses.live_origin,
            shown="the site's address with the live port; `same` if `KWIP_ORIGIN` "
            "does not have the web server's own port, because a proxy is then in front",
            allowed="an address on the host of KWIP_ORIGIN, or same",
            doc="The address at which pages reach the live process. Use `same` if a "
            "proxy routes `/poll/` on the site's own address to it. Another host is "
            "not possible, because it would not get the cookie.",
        ),
    ]
    static_url: Annotated[
        str,
        Rule(
            "KWIP_STATIC_URL",
            values.folder_address,
            "",
            shown="`/assets` of `KWIP_ORIGIN`",
            allowed="an address such as https://cdn.example.org/assets",
            doc="Where browsers find the style sheets, scripts and pictures of the "
            "pages, for example at a CDN that fetches them from `/assets` here and "
            "keeps their headers. Icons and the scripts for other sites always come "
            "from this site.",
        ),
    ]
    metrics_port: Annotated[
        int,
        Rule(
            "KWIP_METRICS_PORT",
            values.number(1, addresses.HIGHEST_PORT),
            addresses.metrics_port,
            shown="port + 1000; with `kwip serve`, one more for live, two for worker, "
            "three for sweeper",
            allowed="a free port from 1 to 65535",
            doc="The port for the metrics of all processes, on 127.0.0.1 only. If you "
            "set it and run several roles on one machine, give each its own.",
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
            doc="Whether `make run` fills an empty database with demo data.",
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
            doc="The number of web processes.",
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
            doc="The number of threads in each web process.",
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
            doc="The number of threads in the job worker.",
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
            doc="Whether the sweeper follows MongoDB's change stream, to repeat the "
            "cache invalidations of processes that died before their own. With 0, "
            "what these wrote may be hidden by cached data for up to 5 minutes.",
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
            doc="The maximum length of a kwip, in characters.",
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
            doc="The number of active followers from which an author's new posts are "
            "merged into homes when these are read, instead of delivered to each. "
            "Below 70 % of it, new posts are delivered again.",
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
            doc="The number of days without a visit to home after which Kwip stops "
            "delivering posts to it. Home is rebuilt when its owner comes back.",
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
            doc="How many of your own proxies a request passes through. Kwip trusts "
            "this many addresses at the end of X-Forwarded-For. With a proxy in front "
            "and 0 here, all visitors share one rate limit.",
        ),
    ]
    signup: Annotated[
        str,
        Rule(
            "KWIP_SIGNUP",
            values.choice("open", "approval", "invitation", "closed"),
            "open",
            shown="open",
            allowed="open, approval, invitation or closed",
            doc="Who can sign up, until administrators change it at `/admin/settings` "
            "or with `kwip site set`.",
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
            doc="Whether `/styleguide` shows every part of the pages in every state, "
            "for developers.",
        ),
    ]
    toolbar: Annotated[
        bool,
        Rule(
            "KWIP_TOOLBAR",
            values.flag,
            default=False,
            shown="0",
            allowed="1 or 0",
            doc="Whether every page shows its commands to MongoDB and Redis with their "
            "times and plans, for developers. Pages are slower, and everybody sees it.",
        ),
    ]


@cache
def rules() -> Mapping[str, Rule]:
    """Return the rule of each field, in order."""
    hints = get_type_hints(Settings, include_extras=True)
    order = [name for cls in Settings.__mro__[:-1] for name in cls.__annotations__]
    return {name: hints[name].__metadata__[0] for name in order}


def load(environ: Mapping[str, str]) -> Settings:
    """Read the settings from `environ`; an empty value counts as none.

    Raises:
        SettingsError: With one line for each invalid value.
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
        SettingsError: With one line for each invalid value.
    """
    return load(os.environ)  # noqa: TID251 -- the one place that reads them


def _problem(rule: Rule, text: str) -> str:
    # A URI may contain a password, and this line goes to a terminal or a log.
    shown = "…" if rule.variable.endswith(("_URI", "_URIS", "_KEY")) else text
    return f"{rule.variable}={shown}: must be {rule.allowed}"


def reference() -> str:
    """Return the text of `docs/configuration.md`."""
    file = "`kwip --env-file /etc/kwip/kwip.env COMMAND`"
    lines = [
        "# Configuration",
        "",
        f"Configure Kwip with environment variables, or with a file: {file}.",
        "The file has lines of `NAME=value`, as systemd's `EnvironmentFile=` has them.",
        "What is set in the environment takes precedence.",
        "`config/kwip.env.example` has every setting.",
        "`kwip settings` shows what is in force and where it comes from.",
        "If any values are not valid, Kwip reports all of them and does not start.",
        "It warns of names that begin with `KWIP_` and are not settings.",
        "An empty variable counts as not set.",
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
