"""gunicorn's arbiter, but its workers share memory, and a reload loses no request.

The arbiter imports the app's modules and forks the workers from itself. What they do
not change exists only once.

So that a reload also finds new files, the arbiter then starts its program again in its
own process (`exec`). It keeps its process id, its sockets and its workers, which go on
until new ones have started.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.workers.workertmp import WorkerTmp

from kwip import telemetry

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The variable with what an arbiter leaves to itself: whether systemd has opened its
#: sockets, and the heartbeat's file of each worker, by process id, the oldest first.
_LEFT = "KWIP_WEB_WORKERS_LEFT"


class WebArbiter(Arbiter):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's arbiter, but on SIGHUP it starts new workers before it stops old ones.

    gunicorn stops the old ones at once, and nobody answers while the new ones import
    the app: 4 to 14 s. If the new ones cannot start, the old ones go on.
    """

    systemd: bool
    is_reload_due = False

    def begin(self, modules: Iterable[str]) -> None:
        """Import what the workers share, and take over those from before a reload.

        Without any, connections are refused until a worker has started.

        Raises:
            Exception: One of the modules did, and there are no old workers.
        """
        is_reloaded = self._take_over(os.environ.pop(_LEFT, "{}"))  # noqa: TID251 -- ours
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self.SIGNALS)
        if not is_reloaded:
            self.refuse()
        try:
            _share(modules)
        except Exception:
            if not is_reloaded:
                raise
            self.log.exception("The new workers cannot start: the old ones go on")
            return
        if is_reloaded:
            for _ in range(self.num_workers):
                self.spawn_worker()

    def _take_over(self, left: str) -> bool:
        """Take over the workers from before a reload; return whether there are any."""
        state = json.loads(left)
        old = state.get("workers", {})
        for age, (pid, heartbeat) in enumerate(old.items(), -len(old)):
            self.WORKERS[int(pid)] = _OldWorker(int(pid), age, heartbeat)
        self.systemd = state.get("systemd", self.systemd)
        # One of them may have exited when nobody was told.
        self.SIG_QUEUE.put_nowait(signal.SIGCHLD)
        return bool(old)

    def handle_hup(self) -> None:
        """Reload once all signals that came with this one are handled."""
        self.is_reload_due = True

    def _exec_again(self) -> None:
        """Start this program again, in the same process and with the same workers.

        Signals wait meanwhile: by default they would end it. Workers that are still
        starting are ended: they may have imported older files.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, self.SIGNALS)
        try:
            if self.SIG_QUEUE.empty():  # or else after what is in it
                self.is_reload_due = False
                environ = self._leave()
                os.chdir(self.START_CTX["cwd"])
                os.execve(sys.executable, sys.orig_argv, environ)  # noqa: S606 -- itself
        except OSError:
            self.log.exception("The program cannot be executed: the old one goes on")
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self.SIGNALS)

    def _leave(self) -> dict[str, str]:
        """Return the environment with what the arbiter after this one takes over."""
        for worker in list(self.WORKERS.values()):
            if not _has_started(worker):
                self.kill_worker(worker.pid, signal.SIGKILL)
        workers = sorted(
            filter(_has_started, self.WORKERS.values()), key=lambda worker: worker.age
        )
        heartbeats = {worker.pid: worker.tmp.fileno() for worker in workers}
        for descriptor in heartbeats.values():
            os.set_inheritable(descriptor, True)  # noqa: FBT003 -- has no name
        return {
            **os.environ,  # noqa: TID251 -- inherited, not read
            "GUNICORN_PID": str(self.pid),
            "GUNICORN_FD": ",".join(str(each.fileno()) for each in self.LISTENERS),
            _LEFT: json.dumps({"systemd": self.systemd, "workers": heartbeats}),
        }

    def refuse(self) -> None:
        """Refuse connections until a worker has started; the port stays ours."""
        if not self.systemd:  # whose socket others may have, too
            for listener in self.LISTENERS:
                listener.shutdown(socket.SHUT_RDWR)

    def manage_workers(self) -> None:
        """Keep the number of workers; stop none while others are still starting.

        And reload, if that is due.
        """
        is_reloading = len(self.WORKERS) > self.num_workers
        if not is_reloading or all(map(_has_started, self.WORKERS.values())):
            super().manage_workers()
        if self.is_reload_due:
            self._exec_again()

    def reap_workers(self) -> None:
        """Forget workers that have exited; end if none of the first can start.

        After the last one, a proxy has to know at once: it would send requests here
        that wait until another worker has imported the app.
        """
        had_any = any(map(_has_started, self.WORKERS.values()))
        try:
            super().reap_workers()
        except HaltServer:
            if not any(map(_has_started, self.WORKERS.values())):
                raise
            self.log.exception("The new workers cannot start: the old ones go on")
        # Not again and again: a worker that listens now would not do so once more.
        if had_any and not any(map(_has_started, self.WORKERS.values())):
            self.refuse()


def _share(modules: Iterable[str]) -> None:
    """Import modules into memory that the workers share.

    The garbage collector writes to the objects that it visits, and a written page
    becomes a copy, so it leaves alone what is there already.
    """
    for name in modules:
        import_module(name)
    telemetry.leave()
    gc.collect()
    gc.freeze()


class _OldWorker:
    """A worker from before a reload, as far as an arbiter knows its workers."""

    aborted = False

    def __init__(self, pid: int, age: int, heartbeat: int):
        self.pid = pid
        self.age = age
        self.tmp = _Heartbeat(heartbeat)


class _Heartbeat(WorkerTmp):  # type: ignore[misc] # gunicorn has no types
    """The file by which a worker shows that it lives, from its descriptor."""

    def __init__(self, descriptor: int):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 -- has no name
        self._tmp = os.fdopen(descriptor, "w+b", 0)


def _has_started(worker: Any) -> bool:
    """Return whether a worker accepts requests.

    Its file has the time of the day at first, then that of the monotonic clock.
    """
    return bool(worker.tmp.last_update() <= time.monotonic())
