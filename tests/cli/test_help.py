"""`--help`: one whole sentence for each command, and what its exit code means."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from docs import generate
from kwip import cli

COMMANDS = dict(generate.commands(cli.kwip))
GROUPS = [
    name
    for name in cli.COMMANDS
    if isinstance(cli.kwip.get_command(click.Context(cli.kwip), name), click.Group)
]
#: What `kwip --help` fits into, on a terminal of ordinary width.
COLUMNS = 80


@pytest.mark.parametrize("arguments", [[], *([name] for name in GROUPS)])
def test_no_command_is_cut_short_in_the_list_of_its_group(arguments, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    lines = CliRunner().invoke(cli.kwip, [*arguments, "--help"]).output

    assert "Commands:" in lines
    assert "..." not in lines.partition("Commands:")[2]
    assert max(map(len, lines.splitlines())) <= COLUMNS


def test_a_command_says_of_itself_what_the_list_of_commands_says():
    for name, said in cli.COMMANDS.items():
        command = cli.kwip.get_command(click.Context(cli.kwip), name)

        assert command.help.partition("\n")[0] == said, name


def test_a_command_that_exits_with_1_says_when():
    for path, command in COMMANDS.items():
        can_find = command.callback.__annotations__["return"] == "int"

        assert ("Exits with 1 if " in " ".join(command.help.split())) == can_find, path


@pytest.mark.parametrize(
    ("number", "thing", "words"),
    [
        (1, "home", "1 home"),
        (2, "home", "2 homes"),
        (0, "entry", "0 entries"),
        (2, "key", "2 keys"),
        (2, "process", "2 processes"),
        (2, "index", "2 indexes"),
    ],
)
def test_things_are_counted_in_the_right_form(number, thing, words):
    assert cli.numbered(number, thing) == words
