"""The real programs under `kwip up`, as an operator has them."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote_plus
from urllib.request import Request, urlopen

import psutil
import pymongo
import pytest

from config.settings import PROJECT
from kwip.cli.up import is_ready
from kwip.domain.accounts.setup import code_digest
from kwip.embedded.children import marked
from tests.ops.alerting import Monitoring
from tests.ops.alerts import hold
from tests.ops.harm import memory_of_web, send_harmful
from tests.ops.leaks import NEW, PASSWORD, Visit, leaked
from tests.ops.outages import deliveries_fail, queue_hangs
from tests.ops.stack import Stack
from tests.servers import wait_until

KWIP = (sys.executable, "-c", "from kwip.cli import main; main()")
MEMORY_BYTES = 500_000_000
PROGRAMS = ("web", "live", "worker")


@pytest.fixture(scope="module")
def stack():
    """Return a running stack that this module's tests share."""
    with tempfile.TemporaryDirectory(prefix="kwip-") as folder:
        # structlog imports this where it finds it, and only developers have it: 5 MB
        # in each process that no installation takes.
        hidden = Path(folder) / "hidden"
        hidden.mkdir()
        (hidden / "rich.py").write_text("raise ImportError")
        stack = Stack(Path(folder) / "home", PYTHONPATH=f"{hidden}:{PROJECT}")
        stack.start(*KWIP, "up")
        yield stack
        stack.clean_up()


@pytest.fixture(scope="module")
def visit(stack):
    """Return somebody who has signed up and in there, while MongoDB logs everything."""
    visit = Visit(stack.settings.origin)
    with pymongo.MongoClient(stack.endpoints.mongodb_uri) as client:
        before = client.admin.command("profile", 0, slowms=0)
        visit.make_everything()
        client.admin.command("profile", 0, slowms=before["slowms"])
    return visit


def kwip(stack, *arguments):
    return subprocess.run(
        [*KWIP, *arguments],
        env={**os.environ, "PYTHONPATH": str(PROJECT), **stack.environ},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def doctor(stack):
    return json.loads(kwip(stack, "doctor", "--json").stdout)


def test_commands_find_the_stack_by_its_home_alone(stack):
    environ = {k: v for k, v in os.environ.items() if not k.startswith("KWIP_")}
    home = {"KWIP_HOME": stack.environ["KWIP_HOME"], "PYTHONPATH": str(PROJECT)}
    run = subprocess.run(
        [*KWIP, "doctor", "--json"],
        env={**environ, **home},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )

    assert json.loads(run.stdout)["findings"] == []
    assert run.returncode == 0


def test_a_start_prints_a_code_for_the_first_administrator_that_no_log_has(stack):
    [code] = re.findall(r"/setup with the code (\S+)", stack.said)
    with urlopen(f"{stack.settings.origin}/setup") as page:
        assert "Set up this site" in page.read().decode()

    logs = "".join(log.read_text() for log in stack.home.logs.iterdir())
    assert "waiting for the first administrator" in logs
    assert code not in logs
    assert code_digest(code) not in logs


def test_no_log_has_a_secret_that_people_or_kwip_made(stack, visit):
    token = kwip(stack, "users", "token", "leaky", "--json").stdout
    files = (stack.home.root / "secrets").iterdir()
    secrets = {
        *visit.secrets,
        json.loads(token)["token"],
        *re.findall(r"with the code (\S+)", stack.said),
        *(line for file in files for line in file.read_text().split()),
    }

    assert len(secrets) > 15
    assert leaked(stack.home.logs, secrets) == []
    assert leaked(stack.home.logs, ["$argon2"]) == []
    assert "Slow query" in (stack.home.logs / "mongod.log").read_text()


@pytest.mark.parametrize("write", [str, json.dumps, quote_plus])
def test_a_secret_in_a_log_is_found_however_it_is_written(tmp_path, write):
    (tmp_path / "web.log").write_text(f'{{"event": "x"}}\npassword={write(NEW)}\n')
    (tmp_path / "worker.log.1.gz").write_bytes(gzip.compress(write(PASSWORD).encode()))

    assert leaked(tmp_path, [PASSWORD, NEW]) == [
        ("web.log", NEW),
        ("worker.log.1.gz", PASSWORD),
    ]


def test_doctor_lists_processes_and_services_and_no_password(stack):
    run = kwip(stack, "doctor", "--json")
    report = json.loads(run.stdout)
    names = [process["name"] for process in report["processes"]]
    services = {service["name"] for service in report["services"]}
    secrets = stack.home.root / "secrets"

    assert report["findings"] == []
    assert set(names) == {
        *("supervisor", "mongod", "valkey-cache", "valkey-queue"),
        *("web", "live", "worker"),
    }
    assert names.count("live") == 1
    assert services == {
        *("mongodb", "redis-cache", "redis-queue", "redis-realtime", "web", "live"),
        "mail",
    }
    assert {type(process["pid"]) for process in report["processes"]} == {int}
    assert all(service["ok"] and service["detail"] for service in report["services"])
    assert not [p for p in secrets.iterdir() if p.read_text() in run.stdout]
    assert all(0 < p["pss_bytes"] <= p["rss_bytes"] for p in report["processes"])


def test_the_whole_stack_takes_less_than_500_mb(stack):
    def is_within():
        processes = doctor(stack)["processes"]
        return sum(process["pss_bytes"] for process in processes) < MEMORY_BYTES

    # MongoDB gives back what it needed for the work before, but not at once.
    wait_until(is_within)


def test_web_processes_share_most_of_what_they_have_imported(stack):
    """45 MB when they have started, and less the more they do."""
    web = psutil.Process(stack.pid_of("web"))
    shared = [memory_shared(process.pid) for process in web.children()]

    assert len(shared) == 2
    assert min(shared) > 20_000_000


def memory_shared(pid):
    """Return how much of what a process has written to is another one's, too."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    [found] = [line for line in lines if line.startswith("Shared_Dirty:")]
    return int(found.split()[1]) * 1_000


def test_a_process_that_encrypts_nothing_has_not_loaded_what_encrypts(stack):
    """MongoDB's client would do so if it could."""
    files = Path(f"/proc/{stack.pid_of('live')}/maps").read_text()

    assert "/bson/" in files
    assert "/cryptography/" not in files


def test_doctor_finds_a_dead_service_and_ends_with_1(stack):
    frozen = stack.pid_of("valkey-cache")
    os.kill(frozen, signal.SIGSTOP)
    run = kwip(stack, "doctor", "--json")
    os.kill(frozen, signal.SIGCONT)

    assert run.returncode == 1
    assert [
        finding
        for finding in json.loads(run.stdout)["findings"]
        if finding.startswith("redis-cache: ") and "is not responding" in finding
    ]


def test_doctor_of_a_stack_that_does_not_run_ends_with_1(make_stack):
    run = kwip(make_stack(), "doctor")

    assert run.returncode == 1
    assert "start it with `kwip up`" in run.stdout


def test_requests_of_all_web_processes_are_counted(stack):
    before = counted(stack)
    for _ in range(8):
        with urlopen(f"http://127.0.0.1:{stack.settings.port}/livez"):
            pass

    assert counted(stack) == before + 8


def test_nobody_says_from_outside_where_the_app_is_mounted(stack):
    for port in (stack.settings.port, stack.settings.live_port):
        asked = Request(f"http://127.0.0.1:{port}/livez", headers={"SCRIPT_NAME": "/x"})
        with urlopen(asked) as answer:
            assert answer.status == 200


def test_a_malformed_chunk_is_a_bad_request(stack):
    head = "HTTP/1.1\r\nHost: kwip\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", stack.settings.port)) as connection:
        connection.sendall(f"POST /login {head}zz\r\nhello\r\n".encode())
        answer = connection.makefile("rb").readline()

    assert answer == b"HTTP/1.1 400 BAD REQUEST\r\n"
    assert "request_failed" not in (stack.home.logs / "web.log").read_text()


def test_harmful_bodies_are_refused_and_leave_the_memory_as_it_was(stack, visit):
    before = memory_of_web(stack)
    statuses = send_harmful(stack.settings.origin, visit.token)
    after = memory_of_web(stack)

    assert {k: status for k, status in statuses.items() if status // 100 != 4} == {}
    assert len(before) > 1
    assert before.keys() == after.keys()
    assert max(after[pid] - before[pid] for pid in before) < 50 * 2**20


def counted(stack):
    port = stack.settings.metrics_port
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    found = [
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("kwip_http_requests_total{") and 'route="/livez"' in line
    ]
    return sum(found)


@pytest.fixture
def monitoring(stack, tmp_path):
    """Return Prometheus and Alertmanager that watch the stack."""
    monitoring = Monitoring(tmp_path, stack.settings.metrics_port)
    yield monitoring
    monitoring.stop()


@pytest.mark.long
def test_alerts_fire_during_an_outage_and_end_after_it(stack, monitoring):
    """`make alerts` does so with more outages."""
    alerts = ("KwipRedisBreakerOpen", "KwipDeadLetters", "KwipFanoutStalled")
    assert not monitoring.firing() & set(alerts)

    hold(stack, monitoring, (deliveries_fail, queue_hangs), alerts)


@pytest.mark.parametrize("role", PROGRAMS)
def test_the_logs_of_the_programs_are_json(stack, role):
    lines = (stack.home.logs / f"{role}.log").read_text().splitlines()

    assert lines
    assert all({"event", "timestamp"} <= json.loads(line).keys() for line in lines)


def test_killed_programs_come_back(stack):
    log = stack.log()
    before = {role: log.count(f"{role} restarted") for role in PROGRAMS}
    for role in PROGRAMS:
        os.kill(stack.pid_of(role), signal.SIGKILL)
    for role, count in before.items():
        wait_until(lambda r=role, n=count: stack.log().count(f"{r} restarted") == n + 1)
    for port in (stack.settings.port, stack.settings.live_port):
        wait_until(lambda port=port: is_ready(stack.settings, port))

    wait_until(lambda: doctor(stack)["findings"] == [])


def end_while_pages_wait(stack):
    """End a stack, and give what the pages that wait are answered."""
    address = f"http://127.0.0.1:{stack.settings.live_port}/poll/public?since_id=0"
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(urlopen, address) for _ in range(20)]
        wait_until(lambda: gauge(stack, "kwip_long_polls") == len(waiting))

        assert stack.end() == 0
        return {future.result().status for future in waiting}


def gauge(stack, name):
    port = stack.settings.metrics_port
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    found = (x for x in lines if x.startswith((f"{name}{{", f"{name} ")))
    return sum(float(x.rpartition(" ")[2]) for x in found)


@pytest.mark.long
def test_pages_that_wait_are_answered_at_the_end_and_it_starts_again(make_stack):
    """`cli/test_world.py` starts it again after `kill -9` of everything."""
    stack = make_stack()
    stack.start(*KWIP, "up")
    assert end_while_pages_wait(stack) == {204}
    assert not marked(stack.home)

    stack.start(*KWIP, "up")

    assert stack.end(signal.SIGINT) == 0
    assert not marked(stack.home)


def test_a_live_process_whose_loop_hangs_is_ended(short_path):
    """The supervisor then starts it again, as after any other end."""
    hang = "live.HUNG_S = 1; live.Worker.notify(None); time.sleep(30)"
    run = subprocess.run(
        [sys.executable, "-c", f"import time; from config import live; {hang}"],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "KWIP_HOME": str(short_path)},
        check=False,
        cwd="/",
    )

    assert run.returncode == -signal.SIGALRM
