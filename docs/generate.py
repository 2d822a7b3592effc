# noqa: INP001 -- a script among pages, not a package
"""Write those parts of the pages that are told by the code: `make docs`.

A generated part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; what is
around it is written by hand. `tests/docs` fails when a part is not as the code has it.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench import memory, report, scaling
from config.example import example
from config.settings import PROJECT, load, reference
from kwip import cli
from kwip.blueprints import assets
from kwip.blueprints.routes import AREAS
from kwip.cache.invalidation_page import table
from kwip.domain.accounts.roles import STAFF, Permission, may
from kwip.nginx.configuration import Proxy, configuration
from kwip.store.indexes import INDEXES
from kwip.store.sharding import SHARD_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kwip.blueprints.table import Policy

FOLDER = Path(__file__).resolve().parent
NGINX = PROJECT / "config/nginx.conf.example"
ENVIRONMENT = PROJECT / "config/kwip.env.example"


def indexes() -> str:
    """List every index with the query that needs it."""
    lines = ["| collection | keys | only where | needed by |", "|---|---|---|---|"]
    for collection, found in INDEXES.items():
        if not found:
            lines.append(f"| `{collection}` | `_id` alone | | reads by `_id` |")
        for index in found:
            keys = ", ".join(
                f"`{key}`" if order == 1 else f"`{key}` ↓" for key, order in index.keys
            )
            only = _only(index.options)
            lines.append(f"| `{collection}` | {keys} | {only} | {index.needed_by} |")
    return "\n".join(lines) + "\n"


def _only(options: Mapping[str, Any]) -> str:
    """Say in words which documents an index holds, or when it ends them."""
    if "expireAfterSeconds" in options:
        return "MongoDB deletes at that time"
    condition: Mapping[str, object] = options.get("partialFilterExpression", {})
    return ", ".join(
        f"`{field}` is {_words(value)}" for field, value in condition.items()
    )


def _words(value: object) -> str:
    if isinstance(value, dict) and "$gt" in value:
        return f"above `{value['$gt']}`"
    if isinstance(value, dict) and "$exists" in value:
        return "there"
    if isinstance(value, dict):
        return " or ".join(f"`{one}`" for one in value["$in"])
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def shard_keys() -> str:
    """List by what each collection is divided on a sharded cluster."""
    lines = [
        "| step | collection | shard key | what stays together |",
        "|---|---|---|---|",
    ]
    for name, key in sorted(SHARD_KEYS.items(), key=lambda each: each[1].step):
        kind = "hashed" if key.is_hashed else "ranges"
        then = f", then `{key.then}`" if key.then else ""
        row = f"{key.step} | `{name}` | `{key.field}`{then}, {kind} | {key.together}"
        lines.append(f"| {row} |")
    return "\n".join(lines) + "\n"


def permissions() -> str:
    """List what each role may do."""
    lines = [
        f"| permission | {' | '.join(STAFF)} |",
        "|---|" + "---|" * len(STAFF),
    ]
    for permission in Permission:
        marks = ["yes" if may(role, permission) else "" for role in STAFF]
        lines.append(f"| `{permission}` | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"


def routes(area: str) -> Callable[[], str]:
    """Give what lists the routes of one area of the route table."""

    def listed() -> str:
        lines = [
            "| method | path | who | scope | quota class | cache | form token | what |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for route in AREAS[area]:
            says = (route.endpoint.__doc__ or "").split("\n", maxsplit=1)[0]
            policy = " | ".join(_policy(route.policy))
            lines.append(f"| {route.method} | `{route.rule}` | {policy} | {says} |")
        return "\n".join(lines) + "\n"

    return listed


def _policy(policy: Policy) -> Iterator[str]:
    yield policy.auth.replace("_", " ") + (
        f": `{policy.permission}`" if policy.permission else ""
    )
    yield policy.scope or "no"
    yield policy.quota
    yield policy.cache
    yield "yes" if policy.csrf == "form" else "no"


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Go through all commands that do something, each with what calls it."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        elif command is not None:
            yield f"{path}{name}", command


def usage(path: str, command: click.Command) -> Callable[[], str]:
    """Give what tells how a command is called, in the words of its `--help`."""

    def written() -> str:
        context = click.Context(command, info_name=path)
        pieces = command.collect_usage_pieces(context)
        lines = ["```", " ".join(["kwip", path, *pieces]), "```", ""]
        lines += [
            inspect.cleandoc(command.help or ""),
            "",
            "| option | default | what |",
            "|---|---|---|",
        ]
        for option in command.params:
            if isinstance(option, click.Option):
                lines.append(_option(option, context))
        return "\n".join(lines) + "\n"

    return written


def _option(option: click.Option, context: click.Context) -> str:
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    default = f"`{option.default}`" if option.show_default else ""
    if option.required:
        default = "required"
    return f"| `{option.opts[0]}{value}` | {default} | {option.help} |"


def widget_script() -> str:
    """Show how a page loads the script of widgets, if it checks its integrity."""
    found, name = assets.load(), "widgets/kwip.js"
    return (
        "```html\n"
        f'<script type="module" src="https://kwip.example.org{found.address(name)}"\n'
        f'  integrity="{found.integrity(name)}" crossorigin></script>\n'
        "```\n"
    )


def nginx() -> str:
    """Give the configuration of nginx for the site of `deployment.md`."""
    settings = load(
        {
            "KWIP_ORIGIN": "https://kwip.example.org",
            "KWIP_TRUSTED_PROXIES": "1",
            "KWIP_MEDIA_FOLDER": "/srv/kwip-media",
            "KWIP_MEDIA_BY_PROXY": "1",
        }
    )
    certificates = Path("/etc/letsencrypt/live/kwip.example.org")
    proxy = Proxy(
        tls_cert=certificates / "fullchain.pem",
        tls_key=certificates / "privkey.pem",
        assets=Path("/srv/kwip-assets"),
    )
    return configuration(settings, proxy)


#: Which parts each page has, and what writes them.
PARTS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "data-model.md": {"indexes": indexes, "shard-keys": shard_keys},
    "cache.md": {"drops": table},
    "cli.md": {path: usage(path, command) for path, command in commands(cli.kwip)},
    "performance.md": {
        "results": report.results,
        "settings": report.settings,
        "faults": report.faults,
        "cluster-parts": report.cluster_parts,
        "day": memory.table,
    },
    "faults.md": {
        "cluster-faults": report.cluster_faults,
        "resource-faults": report.resource_faults,
    },
    "scaling.md": {
        "unit-costs": scaling.unit_costs,
        "growth": scaling.growth,
        "cluster-cores": scaling.cluster_cores,
    },
    "widgets.md": {"script": widget_script},
    "roles.md": {"permissions": permissions},
    "api.md": {area: routes(area) for area in AREAS},
}


def with_parts(text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """Return a page's text with its generated parts up to date.

    Raises:
        LookupError: The page has no place for a part.
    """
    for name, write in parts.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
        if begin not in text or end not in text:
            raise LookupError(name)
        before, _, rest = text.partition(begin)
        after = rest.partition(end)[2]
        text = f"{before}{begin}\n{write()}\n{end}{after}"
    return text


def main() -> None:
    """Write the generated pages and parts."""
    (FOLDER / "configuration.md").write_text(reference(), encoding="utf-8")
    NGINX.write_text(nginx(), encoding="utf-8")
    ENVIRONMENT.write_text(example(), encoding="utf-8")
    for name, parts in PARTS.items():
        page = FOLDER / name
        text = with_parts(page.read_text(encoding="utf-8"), parts)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
