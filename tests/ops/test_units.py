"""The units of systemd that `docs/deployment.md` installs."""

from __future__ import annotations

import os
import shutil
import subprocess

from config.settings import PROJECT
from tests.servers import debian_program

UNITS = PROJECT / "config/systemd"
#: What systemd says of a unit that may signal the processes of others.
KILL = "✗ CapabilityBoundingSet=~CAP_KILL"


def test_systemd_accepts_the_units(tmp_path):
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for file in files:
        # Where it says that Kwip is installed.
        text = file.read_text().replace("/opt/kwip/.venv", str(PROJECT / ".venv"))
        file.write_text(text)
    analyze = debian_program("systemd-analyze")
    environ = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}

    def run(*arguments):
        return subprocess.run(
            [analyze, *arguments],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def complaints():
        return run("verify", "--man=no", *files).stderr

    def security(file):
        return run("security", "--offline=true", "--no-pager", file).stdout

    assert len(files) == 7
    assert complaints() == ""
    # Only health checks may signal others; common.conf must not take that away.
    services = [file for file in files if file.suffix == ".service"]
    allowed = [file.name for file in services if KILL in security(file)]
    assert allowed == ["kwip-upstreams.service"]
    common = folder / "kwip-.service.d/common.conf"
    common.write_text(common.read_text() + "PrivateTmpp=true\n")
    assert complaints().count("Unknown key 'PrivateTmpp'") == 6
