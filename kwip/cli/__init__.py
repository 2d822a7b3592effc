"""The command line: `kwip COMMAND`, with one module for each command.

The module `kwip.cli.<name>` has a Click command called `command`, and is imported when
it is needed. Its first argument after `@click.pass_obj` is the settings.
Beside them are `running`, `parts` and `bars`, which several commands use; `audit` is
both, and `applications`, `email_domains` and `members` are parts of `users`. What else
one or two need is in a package of its own: `starting`, `checking`, `traffic`,
`reindexing`, `restoring` and `deploying`.

A command exits with 0 if all is well, 1 if it found something (it returns `FOUND`), and
2 if it could not do its work; then it prints the reason in one line on standard error.
"""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from config.environment import DEFAULT, enter
from config.settings import SettingsError, from_environment, rules
from kwip import __version__
from kwip.domain.errors import InvalidError, KwipError
from kwip.embedded.children import holder
from kwip.embedded.home_folder import HomeFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from config.environment import Sources
    from config.settings import Settings

Decorated = TypeVar("Decorated", bound="Callable[..., Any] | click.Command")

#: Where the context has the `Sources` of the settings.
SOURCES = "kwip.sources"
FOUND = 1
FAILED = 2
_INTERRUPTED = 130

#: Each command with its help line, so that `kwip --help` imports none of them.
COMMANDS = {
    "up": "Start the whole stack and keep it running.",
    "cluster": "Run several servers of each kind on this machine.",
    "serve": "Run one role of the site: web, live, worker or sweeper.",
    "setup": "Create the code for the first administrator.",
    "settings": "Show the settings that are in force, without passwords.",
    "site": "Show and change what administrators can set in the browser.",
    "announcements": "Announce something to all members.",
    "check": "Check these settings against the running processes.",
    "doctor": "Check the running stack.",
    "users": "Create and manage users.",
    "invites": "Invite people, also from the waiting list.",
    "reports": "Show and resolve reports.",
    "audit": "Show what operators did.",
    "queue": "Show what is waiting for workers.",
    "cache": "Inspect, verify and invalidate the cache.",
    "mail": "Show mail that waits or was given up, and send a test.",
    "push": "Show devices that are told of notifications.",
    "media": "Manage uploaded files.",
    "emoji": "Manage custom emoji.",
    "links": "Show and forget link previews.",
    "fanout": "Show and replay posts waiting for delivery.",
    "trace": "Show what happened to a post, and when.",
    "reindex": "Rebuild and verify derived data.",
    "fsck": "Check stored data for problems, and repair it.",
    "trends": "Show and compute trends.",
    "db": "Create indexes, measure collections, and convert older documents.",
    "deploy": "Replace a running version by this one, machine by machine.",
    "secrets": "Change the key of cookies, or the password of MongoDB.",
    "console": "Open a Python console that reads the site as a viewer.",
    "routes": "List the routes, and what each of them requires.",
    "config": "Write what nginx needs.",
    "upstreams": "Check the servers behind nginx.",
    "backup": "Make, check, restore and remove backups.",
    "export": "Write what belongs to one user.",
    "import": "Bring a user from another Kwip, or kwips into an account.",
    "world": "Load a social graph, and drive traffic against it.",
}


def numbered(number: int, thing: str) -> str:
    """Write a number with its noun: "1 home", "2 homes", "2 entries", "2 indexes"."""
    if thing.endswith("y") and not thing.endswith("ey"):
        many = f"{thing[:-1]}ies"
    else:
        many = f"{thing}es" if thing.endswith(("s", "x")) else f"{thing}s"
    return f"{number} {thing if number == 1 else many}"


class Commands(click.Group):
    """A group whose commands are modules, imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- Click's
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 -- Click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Import the module of `cmd_name`."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"kwip.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 -- Click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kwip")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path),
    help="Read settings from this file; those in the environment take precedence.",
)
@click.pass_context
def kwip(ctx: click.Context, *, env_file: Path | None) -> None:
    """Kwip: a self-hosted microblog and timeline platform."""
    ctx.meta[SOURCES] = sources = enter(env_file)
    for warning in sources.unknown(rule.variable for rule in rules().values()):
        click.echo(f"kwip: warning: {warning}", err=True)
    try:
        settings = from_environment()
    except SettingsError as error:
        raise SettingsError(
            [sources.located(each) for each in error.problems]
        ) from None
    # To look at a running stack, its home is enough; its port is read from there.
    if ctx.invoked_subcommand not in {"up", "cluster"}:
        noted = _noted(settings, sources)
        settings = replace(settings, **noted)
        variables = frozenset(rules()[name].variable for name in noted)
        ctx.meta[SOURCES] = replace(sources, from_stack=variables)
    ctx.obj = settings


def _noted(settings: Settings, sources: Sources) -> dict[str, Any]:
    """Return where the running stack listens, by the fields that nobody has set."""
    home = HomeFolder(settings.home)
    if holder(home) is None:  # what an earlier one has noted is out of date
        return {}
    return {
        name: value
        for name, value in home.noted_address().items()
        if sources.of(rules()[name].variable) == DEFAULT
    }


def json_option(command: Decorated) -> Decorated:
    """Add `--json`: print one JSON document to standard output and nothing else."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print a single JSON document."
    )(command)


def dry_run_option(command: Decorated) -> Decorated:
    """Add `--dry-run`: show what would be done."""
    return click.option(
        "--dry-run", is_flag=True, help="Show what would be done, and change nothing."
    )(command)


def throttle_option(what: str) -> Callable[[Decorated], Decorated]:
    """Add `--throttle`; `what` says where it pauses."""
    return click.option(
        "--throttle",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help=what,
    )


def print_json(document: Mapping[str, object]) -> None:
    """Print what `--json` asks for."""
    click.echo(json.dumps(document, ensure_ascii=False))


def main() -> NoReturn:
    """Run the command line; a failure prints one line that says what to do."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    try:
        code = kwip.main(args=arguments, prog_name="kwip", standalone_mode=False)
    except SettingsError as error:
        return _failed(error.problems)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return FAILED
    except click.ClickException as error:
        return _failed([error.format_message()])
    except KwipError as error:
        wrong = error.fields.items() if isinstance(error, InvalidError) else ()
        fields = [f"{name}: {what}" for name, what in wrong]
        return _failed([" ".join([error.message, *fields])])
    except click.Abort:  # Ctrl-C
        return _INTERRUPTED
    return code if isinstance(code, int) else 0


def _failed(problems: list[str]) -> int:
    for problem in problems:
        click.echo(f"kwip: {problem}", err=True)
    return FAILED
