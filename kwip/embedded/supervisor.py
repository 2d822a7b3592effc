"""Start children in order, restart those that die, stop them in time."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.embedded.children import (
    Child,
    end_group,
    has_ended,
    last_line,
    last_words,
    log_of,
    spawn,
)
from kwip.embedded.errors import CannotStartError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence

    from kwip.embedded.home_folder import HomeFolder
    from kwip.embedded.logs import Logs

_POLL_S = 0.02
_FIRST_BACKOFF_S = 0.2
#: So that everything works again within 30 s of an outage, such as a full disk.
_LONGEST_BACKOFF_S = 10.0
#: How often the logs are checked, at least.
_LOGS_S = 5.0
#: A child that has lived this long gets the shortest backoff again.
_STEADY_S = 60.0


class StopAskedError(Exception):
    """The operator asked to stop while children were still starting."""


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    since: float
    log_start: int
    backoff_s: float = _FIRST_BACKOFF_S
    restart_at: float | None = None


@dataclass(frozen=True, slots=True)
class _Stage:
    """Children that were started together, and how long they may take to stop."""

    running: list[_Running]
    grace_s: float


class Supervisor:
    """Runs the children of one installation.

    Args:
        home: The caller holds its lock.
        wait: Waits at most the given seconds; true if asked to stop.
        said: Called with one line when a child dies or is back.
    """

    def __init__(
        self,
        home: HomeFolder,
        *,
        wait: Callable[[float], bool],
        said: Callable[[str], None],
    ):
        self._home = home
        self._wait = wait
        self._said = said
        self._stages: list[_Stage] = []

    def start(self, children: Sequence[Child], grace_s: float) -> None:
        """Start `children` together and wait until all are ready.

        `grace_s` is how long they may take to exit by themselves when `stop` asks.

        Raises:
            CannotStartError: If one died or is not ready in time; the caller stops.
            StopAskedError: If asked to stop meanwhile.
        """
        stage: list[_Running] = []
        self._stages.append(_Stage(stage, grace_s))
        for child in children:
            stage.append(self._spawn(child))  # noqa: PERF401 -- stop() must find each
        waiting = list(stage)
        while waiting:
            waiting = [running for running in waiting if not self._is_ready(running)]
            if waiting and self._wait(_POLL_S):
                raise StopAskedError

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each child that stays, by its role."""
        every = (running for stage in self._stages for running in stage.running)
        return {r.child.role: r.process.pid for r in every if not r.child.once}

    def watch(self, logs: Logs) -> None:
        """Restart children that die and rotate `logs`, until asked to stop."""
        while not self._wait(min(self._attend(), _LOGS_S)):
            logs.rotate()

    def send(self, role: str, number: signal.Signals) -> None:
        """Send a signal to the child with this role, if it runs."""
        for running in (running for stage in self._stages for running in stage.running):
            if running.child.role == role and not has_ended(running.process):
                running.process.send_signal(number)

    def stop(self) -> None:
        """Stop everything, the last started first; reap all of it.

        Each stage gets its time to exit by itself, then it is killed.
        """
        for stage in reversed(self._stages):
            for running in stage.running:
                if not has_ended(running.process):
                    running.process.send_signal(signal.SIGTERM)
            end = time.monotonic() + stage.grace_s
            while time.monotonic() < end and not all(
                has_ended(running.process) for running in stage.running
            ):
                time.sleep(_POLL_S)
            for running in stage.running:
                end_group(running.process)
                running.process.wait()
        self._stages.clear()

    def _spawn(self, child: Child) -> _Running:
        log = log_of(child.role, self._home)
        start = log.stat().st_size if log.exists() else 0
        return _Running(child, spawn(child, self._home), time.monotonic(), start)

    def _is_ready(self, running: _Running) -> bool:
        child = running.child
        log = log_of(child.role, self._home)
        if has_ended(running.process):
            if child.once and running.process.wait() == 0:
                return True
            if child.once:  # its last line says what to do
                raise CannotStartError(last_line(log) or f"{child.role} failed")
            words = last_words(log, running.log_start)
            raise CannotStartError(f"{child.role} did not start: {words} ({log})")
        if child.is_ready() and not child.once:
            return True
        if time.monotonic() - running.since > child.ready_s:
            raise CannotStartError(
                f"{child.role} was not ready within {child.ready_s:.0f} s: see {log}"
            )
        return False

    def _attend(self) -> float:
        """Check every child once; return the seconds until the next check."""
        now = time.monotonic()
        next_look = _LONGEST_BACKOFF_S
        for running in (running for stage in self._stages for running in stage.running):
            if running.child.once:
                continue
            if running.restart_at is None and has_ended(running.process):
                self._bury(running, now)
            if running.restart_at is not None and running.restart_at <= now:
                self._revive(running, now)
            elif running.restart_at is not None:
                next_look = min(next_look, running.restart_at - now)
        return next_look

    def _bury(self, running: _Running, now: float) -> None:
        end_group(running.process)
        code = running.process.wait()
        if now - running.since > _STEADY_S:
            running.backoff_s = _FIRST_BACKOFF_S
        running.restart_at = now + running.backoff_s
        how = f"signal {-code}" if code < 0 else f"exit {code}"
        words = last_words(log_of(running.child.role, self._home), running.log_start)
        self._said(
            f"{running.child.role} ended ({how}: {words}):"
            f" restarting in {running.backoff_s:.1f} s"
        )
        running.backoff_s = min(2 * running.backoff_s, _LONGEST_BACKOFF_S)

    def _revive(self, running: _Running, now: float) -> None:
        try:
            fresh = self._spawn(running.child)
        except OSError as error:  # no process or file available: perhaps later
            running.restart_at = now + running.backoff_s
            running.backoff_s = min(2 * running.backoff_s, _LONGEST_BACKOFF_S)
            self._said(f"{running.child.role} cannot be restarted yet: {error}")
            return
        running.process, running.log_start = fresh.process, fresh.log_start
        running.since, running.restart_at = now, None
        self._said(f"{running.child.role} restarted (process {running.process.pid})")
