"""The whole stack on a disk that gets full, and has room again."""

from __future__ import annotations

import json
import subprocess
import sys

from config.settings import PROJECT
from tests.ops.disk import on_small_disk

#: A first start asks for 600 MB.
DISK_BYTES = 700_000_000


def test_visitors_get_503_and_all_goes_on_by_itself_once_there_is_room(short_path):
    story = (sys.executable, "-m", "tests.ops.full_disk", short_path)
    run = subprocess.run(
        on_small_disk(short_path, DISK_BYTES, *story),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
    )
    outcome = json.loads(run.stdout)

    assert outcome["seen"] == [200, 503]
    assert outcome["back_after_s"] < 30
    assert outcome["are_the_same"], "no program has died"
