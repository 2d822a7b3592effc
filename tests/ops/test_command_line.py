"""What every command has in common: its errors, its exit codes, its help."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from types import SimpleNamespace

import click
import pytest

from config.settings import PROJECT, Settings
from kwip import __version__, cli
from kwip.domain.errors import ConflictError


@pytest.fixture
def run(monkeypatch, capsys):
    """Return a function that runs a command in the place of `doctor`."""

    def run(body, *arguments):
        command = cli.json_option(click.pass_obj(body))
        module = SimpleNamespace(command=click.command("doctor")(command))
        monkeypatch.setitem(sys.modules, "kwip.cli.doctor", module)
        monkeypatch.setattr(sys, "argv", ["kwip", "doctor", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code, capsys.readouterr()

    return run


def test_a_command_gets_the_settings_and_ends_with_0(run):
    seen = []
    code, _ = run(lambda settings, as_json: seen.append((settings, as_json)), "--json")

    [(settings, as_json)] = seen
    assert (code, as_json) == (0, True)
    assert isinstance(settings, Settings)


def test_a_command_that_found_something_ends_with_1(run):
    code, _ = run(lambda *_, **__: cli.FOUND)

    assert code == 1


def test_an_error_of_ours_is_one_line_and_2(run):
    def fail(settings, as_json):
        raise ConflictError("The name is taken.", user_id=1)

    code, printed = run(fail)

    assert code == 2
    assert (printed.out, printed.err) == ("", "kwip: The name is taken.\n")


def test_a_wrong_option_is_one_line_and_2(run):
    code, printed = run(lambda *_, **__: None, "--no-such-option")

    assert code == 2
    assert printed.err == "kwip: No such option '--no-such-option'.\n"


def test_ctrl_c_ends_with_130_and_no_traceback(run):
    def interrupted(settings, as_json):
        raise KeyboardInterrupt

    code, printed = run(interrupted)

    assert code == 130
    assert "Traceback" not in printed.err


def test_json_is_one_document_of_text_as_it_is(capsys):
    cli.print_json({"name": "zoë"})

    assert capsys.readouterr().out == '{"name": "zoë"}\n'


def call(*arguments):
    return subprocess.run(
        [sys.executable, "-c", "from kwip.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )


def test_help_lists_every_command_without_importing_any():
    run = call("--help")

    assert run.returncode == 0
    assert all(name in run.stdout for name in cli.COMMANDS)
    loaded = call_and_list("--help")
    assert not {"kwip.cli.up", "kwip.cli.doctor", "pymongo", "redis"} & loaded


def call_and_list(*arguments):
    program = (
        "import sys, contextlib, kwip.cli as cli\n"
        "with contextlib.suppress(SystemExit): cli.main()\n"
        "print('\\n' + ' '.join(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
    )
    return set(run.stdout.splitlines()[-1].split())


def test_no_command_is_help_and_2():
    run = call()

    assert run.returncode == 2
    assert "Usage: kwip" in run.stderr


def test_an_unknown_command_is_one_line_and_2():
    run = call("frobnicate")

    assert (run.returncode, run.stderr) == (2, "kwip: No such command 'frobnicate'.\n")


def test_the_version_is_printed_and_stands_in_the_project_file():
    tree = tomllib.loads((PROJECT / "pyproject.toml").read_text())

    assert tree["project"]["version"] == __version__
    assert call("--version").stdout == f"kwip, version {__version__}\n"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_of_the_table_is_there(name):
    assert cli.kwip.get_command(click.Context(cli.kwip), name).name == name


def test_the_script_finds_the_project_from_any_folder(tmp_path):
    script = tmp_path / ".venv" / "bin" / "kwip"
    script.parent.mkdir(parents=True)
    script.write_text((PROJECT / "config" / "kwip.sh").read_text())
    (script.parent / "python").symlink_to(sys.executable)
    for package in ("kwip", "config"):
        (tmp_path / package).symlink_to(PROJECT / package)
    run = subprocess.run(
        ["/bin/sh", script, "--version"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path[1:])},
    )

    assert run.stdout == f"kwip, version {__version__}\n"
