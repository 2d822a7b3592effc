"""The units of systemd that `docs/deployment.md` installs."""

from __future__ import annotations

import os
import shutil
import subprocess

from config.settings import PROJECT
from tests.servers import debian_program

UNITS = PROJECT / "config/systemd"


def test_systemd_accepts_the_units(tmp_path):
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for file in files:
        # Where it says that Kwip is installed.
        text = file.read_text().replace("/opt/kwip/.venv", str(PROJECT / ".venv"))
        file.write_text(text)
    command = [debian_program("systemd-analyze"), "verify", "--man=no", *files]
    environ = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}

    def complaints():
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, check=False
        ).stderr

    assert len(files) == 7
    assert complaints() == ""
    common = folder / "kwip-.service.d/common.conf"
    common.write_text(common.read_text() + "PrivateTmpp=true\n")
    assert complaints().count("Unknown key 'PrivateTmpp'") == 6
