"""Do every fault of `TRIALS` to a cluster under load, and keep the figures.

`make faults` runs it, or `python -m tests.faults.cluster "kill -9|SIGSTOP"` for some.
Where something is taken out of Kwip or of its clients, something must be found.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import platform
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.cluster.history import history
from tests.faults.cluster.load import Load, figures
from tests.faults.cluster.site import Cluster
from tests.faults.cluster.trials import TRIALS
from tests.faults.history import people_of

RESULT = Path(__file__).parents[3] / "bench" / "results" / "cluster_faults.json"
#: Before a fault, to see how long requests take; and after it, for what is late.
BEFORE_S, AFTER_S = 3.0, 4.0


def main(wanted):
    """Print one line for each fault; return 1 if anything is not as it must be."""
    trials = [trial for trial in TRIALS if re.search(wanted, trial.name)]
    rows = []
    for without, some in itertools.groupby(trials, lambda trial: trial.out_of_programs):
        rows += _run(list(some), without)
    _keep(rows)
    held = zip(trials, rows, strict=True)
    return int(not all(trial.is_as_expected(row) for trial, row in held))


def _keep(rows):
    """Replace the kept figures of some faults."""
    report = json.loads(RESULT.read_text())
    report["measured_at"] = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    report["python"] = platform.python_version()
    kept = {(row["fault"], row["without"]): row for row in [*report["rows"], *rows]}
    places = [(trial.fault, trial.without) for trial in TRIALS]
    report["rows"] = [kept[place] for place in places if place in kept]
    RESULT.write_text(json.dumps(report, indent=2) + "\n")


def _run(trials, without):
    """Do some faults to one cluster, without something in its programs."""
    folder = tempfile.mkdtemp(prefix="kwip-")
    cluster = Cluster(Path(folder) / "home", without)
    rows = []
    try:
        cluster.start()
        cluster.people = people_of(cluster)
        for trial in trials:
            rows.append(_hold(cluster, trial))
            print(_line(trial, rows[-1]), flush=True)  # noqa: T201
    finally:
        cluster.clean_up()
        shutil.rmtree(folder)
    return rows


def _hold(cluster, trial):
    """Let people write and read before, during and after a fault."""
    load = cluster.load = Load(cluster.port, cluster.people, keyed=trial.is_keyed)
    cluster.wrong.clear()
    load.start()
    time.sleep(BEFORE_S)
    began = time.monotonic()
    cluster.mark()
    proof = trial.act(cluster)
    time.sleep(AFTER_S)
    ended = time.monotonic()
    load.stop()
    return {
        "fault": trial.fault,
        "without": trial.without,
        "proof": proof,
        "seconds": round(ended - began, 1),
        "before": figures(load.seen, 0.0, began),
        "during": figures(load.seen, cluster.began, ended),
        "acknowledged": len(load.seen.acknowledged),
        "wrong": history(cluster),
    }


def _line(trial, row):
    kinds = "".join(
        f"{kind}: {f['requests']}, {f['failed']} failed {f['statuses']},"
        f" p99 {f['p99_s']} s, longest {f['longest_s']} s; "
        for kind, f in row["during"].items()
    )
    verdict = "as expected" if trial.is_as_expected(row) else "NOT AS EXPECTED"
    return (
        f"{trial.name}: {verdict}: {kinds}stall {row['during']['post']['stall_s']} s,"
        f" acknowledged {row['acknowledged']}, wrong {row['wrong']},"
        f" proof {row['proof']}, {row['seconds']} s"
    )


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
