"""Do everything in `FAULTS` to a cluster under load, and keep the figures.

`make faults` runs it, or `python -m tests.faults.cluster "kill -9"` for some of them.
In the end, posts must be lost when writes do not wait for a majority.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.cluster.inflict import FAULTS, OUT_S
from tests.faults.cluster.load import Load, figures
from tests.faults.cluster.site import Cluster
from tests.faults.history import history, people_of

RESULT = Path(__file__).parents[3] / "bench" / "results" / "cluster_faults.json"
#: Before a fault, to see how long requests take; and after it, for what is late.
BEFORE_S, AFTER_S = 3.0, 4.0
#: When nginx must send nothing more to a server that hangs, and how long whoever waits
#: there may have to.
MOST_OUT_S, MOST_WAIT_S = 2.0, 6.0
AHEAD = "kill -9 of a primary that is ahead of the others"


def main(wanted):
    """Print one line for each fault; return 1 if something was lost or doubled.

    The loss of one of three web servers must also fail no request.
    """
    rows = _run([name for name in FAULTS if wanted in name])
    if not wanted or wanted in "majority":
        rows += _run([AHEAD], without="the majority")
    if not wanted:
        report = {
            "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "rows": rows,
        }
        RESULT.write_text(json.dumps(report, indent=2) + "\n")
    return int(any(_is_wrong(row) for row in rows))


def _is_wrong(row):
    if row["without"] != "nothing":
        return not row["lost"]
    if row["lost"] or row["doubled"] or row["missing"] or row["given_up"]:
        return True
    return "one of three web servers" in row["fault"] and _is_noticed(row)


def _is_noticed(row):
    """Return whether the loss of a web server failed a request, or took too long."""
    during = row["during"].values()
    failed = sum(kind["failed"] for kind in during)
    longest_s = max(kind["longest_s"] for kind in during)
    is_late = row["proof"].get(OUT_S, 0.0) > MOST_OUT_S
    return bool(failed) or longest_s > MOST_WAIT_S or is_late


def _run(faults, without="nothing"):
    if not faults:
        return []
    folder = tempfile.mkdtemp(prefix="kwip-")
    cluster = Cluster(Path(folder) / "home", without)
    rows = []
    try:
        cluster.start()
        people = people_of(cluster)
        for fault in faults:
            rows.append(
                {"fault": fault, "without": without} | _hold(cluster, people, fault)
            )
            print(_line(rows[-1]), flush=True)  # noqa: T201
    finally:
        cluster.clean_up()
        shutil.rmtree(folder)
    return rows


def _hold(cluster, people, fault):
    """Let people write and read before, during and after a fault."""
    load = Load(cluster.port, people)
    load.start()
    time.sleep(BEFORE_S)
    began = time.monotonic()
    proof = FAULTS[fault](cluster)
    time.sleep(AFTER_S)
    ended = time.monotonic()
    load.stop()
    assert all(proof.values()) or fault == "none", proof
    row = {
        "proof": proof,
        "seconds": round(ended - began, 1),
        "before": figures(load.seen, 0.0, began),
        "during": figures(load.seen, began, ended),
        "acknowledged": len(load.seen.acknowledged),
        "given_up": len(load.seen.given_up),
    }
    return row | history(cluster, people, load.seen)


def _line(row):
    kinds = "".join(
        f"{kind}: {f['requests']}, {f['failed']} failed {f['statuses']},"
        f" longest {f['longest_s']} s; "
        for kind, f in row["during"].items()
    )
    stall = row["during"]["post"]["stall_s"]
    return (
        f"{row['fault']} without {row['without']}: {kinds}, stall {stall} s,"
        f" acknowledged {row['acknowledged']}, lost {row['lost']}, doubled"
        f" {row['doubled']}, missing {row['missing']}, given up {row['given_up']}"
        f" {row['proof']}"
    )


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
