"""Hold every fault for a minute, print what was found, and keep the figures.

`make faults`, or `make faults FAULT=kill SECONDS=30` for one of them. Afterwards two
runs with something taken out must be found wrong, or the checks prove nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import sys
import tempfile
from pathlib import Path

import pymongo

from kwip.store.present_indexes import ensure_indexes
from tests.faults.inflict import FAULTS
from tests.faults.trial import Place, hold
from tests.servers import PrivateValkey, SharedServers, endpoints_of

RESULT = Path(__file__).parents[2] / "bench" / "results" / "faults.json"
#: What must be found when it is taken out, and under which fault.
CONTROLS = (("none", "the drop of an edit"), ("lose requests", "the fence"))


def main(wanted, seconds):
    """Print one line a fault; return 1 if anything was wrong, or a control was not."""
    servers = SharedServers()
    try:
        servers.start()
        trials = [(name, "nothing", seconds) for name in FAULTS if wanted in {"", name}]
        trials += [(fault, without, seconds) for fault, without in CONTROLS]
        rows = []
        for trial in trials:
            rows.append(_row(servers, *trial))
            print(_line(rows[-1]), flush=True)  # noqa: T201
    finally:
        servers.stop()
    if not wanted:
        _keep(rows, seconds)
    return int(any(bool(r["violations"]) != (r["without"] != "nothing") for r in rows))


def _row(servers, fault, without, seconds):
    """Hold one trial on an empty database and a fresh cache."""
    endpoints = endpoints_of(servers.root, 0)
    with (
        pymongo.MongoClient(endpoints.mongodb_uri, tz_aware=True) as client,
        tempfile.TemporaryDirectory(prefix="kwip-faults-") as folder,
    ):
        database = client[endpoints.database]
        client.drop_database(endpoints.database)
        ensure_indexes(database)
        valkey = PrivateValkey(Path(folder) / "cache", "valkey-cache")
        valkey.start()
        try:
            place = Place(servers.settings, endpoints, database, valkey, Path(folder))
            outcome = hold(place, (fault,), seconds, without=without, workers=2)
        finally:
            valkey.kill()
    return {
        "fault": fault,
        "without": without,
        "seconds": seconds,
        **outcome.sizes,
        "violations": outcome.violations,
        "proof": outcome.proof,
        "examples": {name: each[:3] for name, each in outcome.found.items() if each},
    }


def _line(row):
    proof = ", ".join(f"{name}: {count}" for name, count in row["proof"].items())
    found = sum(row["violations"].values())
    left_out = "" if row["without"] == "nothing" else f" without {row['without']}"
    told = [f"    {text}" for each in row["examples"].values() for text in each]
    return "\n".join([_figures(row, left_out, found, proof), *told])


def _figures(row, left_out, found, proof):
    return (
        f"{row['fault'] + left_out:<36} {row['writes']:>6} writes {row['reads']:>7} "
        f"reads {row['checks']:>8} checks {found:>4} violations  ({proof})"
    )


def _keep(rows, seconds):
    report = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "web_processes": 2,
        "job_workers": 2,
        "seconds_each": seconds,
        "rows": rows,
    }
    RESULT.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    fault, seconds = [*sys.argv[1:], "", ""][:2]
    sys.exit(main(fault, float(seconds or 60)))
