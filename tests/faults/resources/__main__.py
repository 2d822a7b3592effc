"""Take resources from a site, one after the other, and keep what was found.

`make faults` runs it, or `python -m tests.faults.resources disk clock` for rows that
have one of these words. It runs in a namespace of its own, so that no disk outlives it.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.settings import PROJECT
from tests.faults.resources import clocks, disks, jobs, slow, streams, valkeys
from tests.faults.resources.place import Found, Place, on_small_disks

RESULT = PROJECT / "bench/results/resource_faults.json"
#: MongoDB's disk comes last: afterwards there is much that nobody needs.
ROWS = {
    **valkeys.ROWS,
    **jobs.ROWS,
    **clocks.ROWS,
    **slow.ROWS,
    **streams.ROWS,
    **disks.ROWS,
}
_INSIDE = "--inside"


def main(wanted):
    """Run this program where it has small disks; return what it does."""
    folder = Path(tempfile.mkdtemp(prefix="kwip-"))
    inside = (sys.executable, "-m", "tests.faults.resources", _INSIDE, folder, *wanted)
    # Whatever happens to us, it ends what it has started.
    command = ("setpriv", "--pdeathsig", "TERM", *on_small_disks(folder, *inside))
    process = subprocess.Popen(command)
    try:
        return process.wait()
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def run(folder, wanted):
    """Print one line for each row; return 1 if anything did not hold."""
    place, rows = Place(folder), []
    try:
        place.start()
        for name in ROWS:
            if wanted and not any(word in name for word in wanted):
                continue
            rows.append(_row(place, name))
            print(_line(rows[-1]), flush=True)  # noqa: T201
    finally:
        place.clean_up()
    _keep(rows)
    return int(any(row["wrong"] for row in rows))


def _keep(rows):
    """Keep rows instead of earlier ones with the same names."""
    kept = json.loads(RESULT.read_text())["rows"] if RESULT.exists() else []
    by_name = {row["fault"]: row for row in (*kept, *rows)}
    report = {"rows": [by_name[name] for name in ROWS if name in by_name]}
    RESULT.write_text(json.dumps(report, indent=2) + "\n")


def _row(place, name):
    found, act, began = Found(), ROWS[name], time.monotonic()
    try:
        act(place, found)
    except Exception as error:  # noqa: BLE001 -- the other rows are worth knowing
        found.wrong.append(repr(error)[:300])
    for what, count in (found.proof | found.control).items():
        found.expect(count, f"no {what}")
    return {
        "fault": name,
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "expected": act.__doc__.partition("\n")[0],
        "seconds": round(time.monotonic() - began, 1),
        "proof": found.proof,
        "control": found.control,
        "figures": found.figures,
        "wrong": found.wrong,
    }


def _line(row):
    told = [f"{name}: {row[name]}" for name in ("figures", "proof", "control")]
    verdict = "; ".join(row["wrong"]) or "holds"
    lines = [f"{row['fault']} ({row['seconds']} s): {verdict}", *told]
    return "\n    ".join(lines)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if sys.argv[1:2] == [_INSIDE]:
        sys.exit(run(Path(sys.argv[2]), sys.argv[3:]))
    sys.exit(main(sys.argv[1:]))
