"""Prometheus and Alertmanager of a test's own, with the alerts in fast motion."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import yaml

from config.settings import PROJECT
from tests.ops.stack import free_port
from tests.servers import wait_until

FOLDER = PROJECT / "config" / "monitoring"
#: How many times shorter each range and `for` is.
FASTER = 60
_DURATION = re.compile(r"(?<=\[)\d+[smh](?=\])|^\d+[smh]$")
_SECONDS = {"s": 1, "m": 60, "h": 3_600}


@cache
def binaries():
    """Return the folder of Prometheus, promtool and Alertmanager."""
    found = subprocess.run(
        ["/bin/sh", FOLDER / "prometheus.sh"],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(found.stdout.strip())


def rules():
    return yaml.safe_load((FOLDER / "rules.yml").read_text())


def in_fast_motion():
    """Return the same rules with shorter durations; their thresholds stay."""
    found = rules()
    for group in found["groups"]:
        for rule in group["rules"]:
            for part in {"expr", "for"} & rule.keys():
                rule[part] = _DURATION.sub(_shorter, rule[part])
    return found


def _shorter(duration):
    text = duration.group()
    return f"{int(text[:-1]) * _SECONDS[text[-1]] * 1_000 // FASTER}ms"


class Monitoring:
    """Scrape a metrics port once a second, and receive the alerts.

    Args:
        folder: For configuration and data.
        target: The port of the metrics.
    """

    def __init__(self, folder, target):
        self._port = free_port()
        self._processes = []
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [_static(self._port)]},
            "scrape_configs": [{"job_name": "kwip", **_static(target)}],
        }
        routes = {"route": {"receiver": "page"}, "receivers": [{"name": "page"}]}
        _write(folder / "rules.yml", in_fast_motion())
        _write(folder / "prometheus.yml", config)
        _write(folder / "alertmanager.yml", routes)
        self._start(
            [binaries() / "prometheus"],
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/metrics",
            f"--web.listen-address=127.0.0.1:{free_port()}",
            "--log.level=error",
        )
        self._start(
            _with_templates(binaries() / "prometheus-alertmanager"),
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/alerts",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--cluster.listen-address=",
            "--log.level=error",
        )

    def _start(self, program, *arguments):
        self._processes.append(subprocess.Popen([*program, *arguments]))

    def firing(self):
        """Return the names of the alerts that Alertmanager has now."""
        address = f"http://127.0.0.1:{self._port}/api/v2/alerts"
        try:
            with urlopen(address) as answer:
                return {each["labels"]["alertname"] for each in json.load(answer)}
        except URLError:  # it has not started yet
            return set()

    def wait_for(self, *alerts):
        """Wait until all of some alerts fire."""
        wait_until(lambda: self.firing() >= set(alerts))

    def wait_for_end_of(self, *alerts):
        """Wait until none of some alerts fires any more."""
        wait_until(lambda: not self.firing() & set(alerts))

    def stop(self):
        for process in self._processes:
            process.kill()
            process.wait()


def _with_templates(program):
    """Return the command line of an Alertmanager that was unpacked and not installed.

    Debian's reads its templates from a fixed place. In a view of the file system of its
    own, they are there.
    """
    templates = program.parents[1] / "share/prometheus/alertmanager/default.tmpl"
    place = Path("/usr/share/prometheus/alertmanager")
    if (place / templates.name).exists():
        return [program]
    unshare = ["unshare", "--mount"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    mount = f'mount -t tmpfs none {place.parents[1]} && mkdir -p {place} && cp "$0"'
    mount += f'/*.tmpl {place} && exec "$@"'
    return [*unshare, "sh", "-c", mount, templates.parent, program]


def _static(port):
    return {"static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}


def _write(path, document):
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
