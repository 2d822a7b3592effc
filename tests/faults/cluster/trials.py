"""Which faults are done to clusters, and what must be found without some part.

Each fault is a function of the cluster that returns the proof that it took place.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.cluster import (
    failovers,
    inflict,
    keys,
    own_data,
    races,
    replies,
    workers,
)

#: Their loss must fail no request.
ONE_WEB = "one of three web servers"
#: When nginx must send nothing more to a server that hangs, and how long whoever waits
#: there may have to.
MOST_OUT_S, MOST_WAIT_S = 2.0, 6.0
#: What clients leave out, not the programs.
KEY = "the key"


@dataclass(frozen=True)
class Trial:
    """A fault, what is taken out, and what then must be found."""

    fault: str
    without: str = "nothing"
    finds: str = ""

    @property
    def name(self):
        is_whole = self.without == "nothing"
        return self.fault if is_whole else f"{self.fault}, without {self.without}"

    @property
    def act(self):
        return FAULTS[self.fault]

    @property
    def is_keyed(self):
        return self.without != KEY

    @property
    def out_of_programs(self):
        """What is taken out of the programs of the cluster."""
        return "nothing" if self.without == KEY else self.without

    def is_as_expected(self, row):
        """Return whether a fault took place, and was found what must be and no more."""
        happened = all(row["proof"].values()) or self.fault == NONE
        wrong = row["wrong"]
        if ONE_WEB in self.fault and _is_noticed(row):
            return False
        return happened and (self.finds in wrong if self.finds else not wrong)


def _is_noticed(row):
    """Return whether the loss of a web server failed a request, or took too long."""
    during = row["during"].values()
    failed = sum(kind["failed"] for kind in during)
    longest_s = max(kind["longest_s"] for kind in during)
    is_late = row["proof"].get(inflict.OUT_S, 0.0) > MOST_OUT_S
    return bool(failed) or longest_s > MOST_WAIT_S or is_late


NONE = "none"
AHEAD = "kill -9 of a primary that is ahead of the others"
SAME = "the same request 50 times at once, kill -9 of the primary"
LOSE = "replies lost after the commit"
STOP_WORKER = "SIGSTOP of a worker past its lease"
SCHEDULED = "kill -9 of all workers while scheduled kwips come due"
KILL_WEB_WORKERS = "kill -9 of web processes that have stored a post"
RACES = "deletions, suspensions and revoked tokens while others read"
FAULTS = {
    NONE: inflict.nothing,
    "kill -9 of one of three web servers": inflict.kill_web,
    "SIGSTOP of one of three web servers": inflict.stop_web,
    KILL_WEB_WORKERS: workers.kill_web_workers,
    "restart of the web servers, one after the other": inflict.rolling_restart,
    "reload of the web servers": inflict.reload_web,
    "reload of nginx": inflict.reload_nginx,
    "kill -9 of a worker in the middle of a delivery": workers.kill_worker,
    STOP_WORKER: workers.stop_worker,
    SCHEDULED: own_data.kill_scheduling,
    "kill -9 of all workers while an archive is imported": own_data.kill_importing,
    LOSE: replies.lose_replies,
    "replies of MongoDB 200 ms late, many write": replies.slow_replies,
    "no replies of MongoDB for 8 s, many write": replies.no_replies,
    "kill -9 of the primary": inflict.kill_primary,
    "SIGSTOP of the primary": inflict.stop_primary,
    "step-down of the primary": inflict.step_down,
    "step-down of the primary every 8 s": failovers.step_downs,
    "kill -9 of the primary, and it becomes primary again": failovers.failback,
    "two of three members stopped": inflict.two_of_three,
    SAME: keys.same_key,
    AHEAD: inflict.kill_ahead,
    RACES: races.races,
}
TRIALS = (
    *map(Trial, FAULTS),
    Trial(KILL_WEB_WORKERS, KEY, "doubled"),
    Trial(LOSE, KEY, "doubled"),
    Trial(SAME, KEY, "doubled"),
    Trial(STOP_WORKER, "the lease's owner", "doubled"),
    Trial(SCHEDULED, "the claim", "doubled"),
    Trial(RACES, "the invalidation", "seen"),
    Trial(AHEAD, "the majority", "lost"),
)
