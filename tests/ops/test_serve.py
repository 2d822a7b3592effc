"""A site whose roles were started by themselves, on servers that already run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest
import structlog
from click.testing import CliRunner

from config.settings import PROJECT
from kwip import cli
from kwip.cli.running import NotRunningError, require_stack
from kwip.cli.up import is_ready
from kwip.embedded.errors import CannotStartError
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.served import require_none_served, served
from kwip.wiring import build
from tests.ops.stack import free_port
from tests.servers import no_quotas, settings_in, wait_until
from tests.wired import sign_up

KWIP = (sys.executable, "-c", "from kwip.cli import main; main()")


class Site:
    """Roles with one home and the shared servers; each has its own metrics."""

    def __init__(self, root, endpoints):
        mongodb = endpoints.mongodb_uri.replace(
            "/?", f"/{endpoints.database}?authSource=admin&"
        )
        self.home = HomeFolder(root)
        self.environ = {
            **no_quotas(),
            "KWIP_HOME": str(root),
            "KWIP_LINK_PREVIEWS": "off",
            "KWIP_PORT": str(free_port()),
            "KWIP_LIVE_PORT": "0",
            "KWIP_WEB_WORKERS": "1",
            "KWIP_MONGODB_URI": mongodb,
            "KWIP_REDIS_CACHE_URI": endpoints.redis_cache_uri,
            "KWIP_REDIS_QUEUE_URI": endpoints.redis_queue_uri,
            "KWIP_REDIS_REALTIME_URI": endpoints.redis_realtime_uri,
        }
        self.settings = settings_in(root, **self.environ)
        self.roles = {}
        self.metrics_ports = {}

    def start(self, role):
        self.metrics_ports[role] = port = free_port()
        own = {"KWIP_METRICS_PORT": str(port), "PYTHONPATH": str(PROJECT)}
        with (self.home.root.parent / f"{role}.log").open("wb") as log:
            self.roles[role] = subprocess.Popen(
                [*KWIP, "serve", role],
                env={**os.environ, **self.environ, **own},
                stdout=log,
                stderr=log,
                cwd="/",
            )

    def metrics(self, role):
        with urlopen(f"http://127.0.0.1:{self.metrics_ports[role]}/metrics") as answer:
            return answer.read().decode()

    def ask(self, path, token, **form):
        request = Request(
            f"http://127.0.0.1:{self.settings.port}{path}",
            data=json.dumps(form).encode() if form else None,
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
            },
        )
        with urlopen(request) as answer:
            return json.load(answer)

    def end(self):
        """Ask all roles to end, and return their exit codes."""
        for process in self.roles.values():
            process.send_signal(signal.SIGTERM)
        return {role: each.wait(10) for role, each in self.roles.items()}


@pytest.fixture
def site(short_path, endpoints):
    site = Site(short_path / "home", endpoints)
    yield site
    structlog.reset_defaults()
    for process in site.roles.values():
        process.kill()
        process.wait()
    for port in site.metrics_ports.values():
        site.home.remove_metrics(site.home.served_metrics(port))


def token_of(wiring, viewer):
    allowed = frozenset({"read", "write"})
    return wiring.services.authentication.create_token(viewer, "test", allowed)[1]


def doctor(site):
    """Return the exit code of doctor, which is run in this process."""
    with CliRunner(env=site.environ).isolation():
        return cli._run(["doctor"])


def test_roles_started_by_themselves_are_a_site(site, endpoints):
    for role in ("sweeper", "worker", "web"):
        site.start(role)
    wiring = build(site.settings, endpoints, role="cli")
    alice, bob = sign_up(wiring, "alice"), sign_up(wiring, "bob")
    wiring.services.relationships.follow(bob, alice.id)
    for_alice, for_bob = token_of(wiring, alice), token_of(wiring, bob)
    wait_until(lambda: is_ready(site.settings))
    site.ask("/api/v1/statuses", for_alice, status="Hello from a role")
    wait_until(lambda: not wiring.outbox.pending_count())
    wiring.close()
    [post] = site.ask("/api/v1/timelines/home", for_bob)

    assert "Hello from a role" in post["content"]
    assert 'kwip_jobs_total{job="fanout",outcome="done"} 1.0' in site.metrics("worker")
    assert 'route="/api/v1/statuses"' in site.metrics("web")
    with pytest.raises(CannotStartError, match="`kwip serve` already runs in"):
        require_none_served(site.home)
    wait_until(lambda: doctor(site) == 0)
    require_stack(site.settings)
    assert site.end() == {"web": 0, "worker": 0, "sweeper": 0}
    with pytest.raises(NotRunningError, match=r"missing: web, worker"):
        require_stack(site.settings)
    assert served(site.home) == []
