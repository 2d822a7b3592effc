"""What is done to a cluster; each fault returns the proof that it took place."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import psutil
import pymongo

from kwip.cli.cluster import MEMBERS, STEPS
from tests.servers import wait_until

WEBS = [role for role in STEPS if role.startswith("web")]
#: How long it takes until nginx sends nothing more to a server.
OUT_S = "seconds until out of use"
#: How long a fault is kept up that does not end by itself.
LONG_S = 8.0


def kill_web(cluster):
    """End one of three web servers as `kill -9` does."""
    before = cluster.kill(WEBS[1])
    wait_until(lambda: cluster.is_back(WEBS[1], before))
    return {"killed and restarted": 1}


def stop_web(cluster):
    """Stop one of three web servers: it takes connections and answers nothing."""
    process = psutil.Process(cluster.pid_of(WEBS[1]))
    every = [process, *process.children(recursive=True)]
    for each in every:
        each.suspend()
    began = time.monotonic()
    wait_until(cluster.has_taken_out)
    out_s = time.monotonic() - began
    time.sleep(LONG_S - out_s)
    stopped = sum(each.status() == psutil.STATUS_STOPPED for each in every)
    for each in every:
        each.resume()
    return {"processes stopped": stopped, OUT_S: round(out_s, 2)}


def kill_primary(cluster):
    """End the primary as `kill -9` does; it comes back as a secondary."""
    return _failover(cluster, cluster.kill)


def stop_primary(cluster):
    """Stop the primary: it takes connections and answers nothing."""

    def stop(role):
        with cluster.stopped(role):
            time.sleep(LONG_S)

    return _failover(cluster, stop)


def step_down(cluster):
    """Ask the primary to let another member be elected."""

    def ask(_role):
        with suppress(pymongo.errors.PyMongoError):
            cluster.client.admin.command("replSetStepDown", 10)

    return _failover(cluster, ask)


def two_of_three(cluster):
    """Stop the primary and another member: nobody can write."""
    primary = cluster.primary()
    other = next(member for member in MEMBERS if member != primary)
    with cluster.stopped(primary, other):
        time.sleep(LONG_S)
        silent = sum(not cluster.ask(member) for member in (primary, other))
    wait_until(cluster.is_whole)
    return {"members stopped": silent}


def kill_ahead(cluster):
    """Kill the primary while the others do not copy its writes."""
    primary, term = cluster.primary(), cluster.term()
    others = [member for member in MEMBERS if member != primary]
    with cluster.not_copying(*others):
        time.sleep(1.0)
        before = cluster.kill(primary)
        wait_until(lambda: cluster.is_back(primary, before))
        back = psutil.Process(cluster.pid_of(primary))
        back.suspend()  # it has the newest data, so it would win the election
    wait_until(lambda: cluster.primary() != primary)
    back.resume()
    return _elections(cluster, term)


def rolling_restart(cluster):
    """End each web server with SIGTERM, and wait until another one answers."""
    for role in WEBS:
        before = cluster.pid_of(role)
        os.kill(before, signal.SIGTERM)
        wait_until(lambda: cluster.is_back(role, before))  # noqa: B023 -- waited for
    return {"restarted": len(WEBS)}


def reload_web(cluster):
    """Let each web server replace its workers, with SIGHUP."""
    changed = 0
    for role in WEBS:
        server = psutil.Process(cluster.pid_of(role))
        old = {worker.pid for worker in server.children()}
        server.send_signal(signal.SIGHUP)
        wait_until(lambda: not old & {w.pid for w in server.children()})  # noqa: B023
        changed += len(old)
    return {"workers replaced": changed}


def reload_nginx(cluster):
    """Let nginx read its configuration again, as often as there is time."""
    server = psutil.Process(int((cluster.home.root / "nginx/nginx.pid").read_text()))
    old = {worker.pid for worker in server.children()}
    for _ in range(4):
        server.send_signal(signal.SIGHUP)
        time.sleep(1.0)
    wait_until(lambda: not old & {worker.pid for worker in server.children()})
    return {"workers replaced": len(old)}


def nothing(_cluster):
    """Let everything work."""
    time.sleep(LONG_S)
    return {"faults": 0}


def _failover(cluster, act):
    primary, term = cluster.primary(), cluster.term()
    act(primary)
    wait_until(lambda: cluster.primary() != primary)
    return _elections(cluster, term)


def _elections(cluster, term):
    wait_until(cluster.is_whole)
    return {"elections": cluster.term() - term}
