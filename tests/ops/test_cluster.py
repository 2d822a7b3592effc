"""What `kwip cluster up` starts; `make faults` starts it."""

from __future__ import annotations

from collections import Counter

from config.environment import read_env_file
from config.settings import load
from kwip.cli import cluster
from kwip.embedded.home_folder import HomeFolder
from tests.servers import settings_in


def test_programs_share_servers_and_have_ports_of_their_own(short_path):
    shared = cluster._shared(settings_in(short_path), HomeFolder(short_path))
    environ = cluster._environ(shared)
    children = [cluster._given(c, environ) for c in cluster._programs(shared)]
    settings = {child.role: load(child.environ) for child in children}

    kinds = Counter(role.partition("-")[0] for role in settings)
    assert kinds == {"web": 3, "live": 2, "worker": 2}
    for found in settings.values():
        assert found.mongodb_uri.count("mongodb-2") == 3
        assert found.origin == f"http://127.0.0.1:{shared.port}"
        assert found.media_folder == shared.media_folder
    ports = [settings[f"web-{number}"].port for number in (1, 2, 3)]
    ports += [settings[f"live-{number}"].live_port for number in (1, 2)]
    assert len({shared.port, *ports}) == 6


def test_a_cluster_can_have_fewer_web_servers(short_path):
    shared = cluster._shared(settings_in(short_path), HomeFolder(short_path))
    steps = cluster._steps(1)

    roles = [child.role for child in cluster._programs(shared, steps)]
    assert roles == ["web-1", "live-1", "live-2", "worker-1", "worker-2"]
    assert cluster._addresses(shared, steps, "web") == [f"127.0.0.1:{shared.port + 11}"]


def test_commands_get_the_cluster_from_a_file_that_nobody_else_reads(short_path):
    home = HomeFolder(short_path)
    home.prepare()
    shared = cluster._shared(settings_in(short_path), home)

    children = cluster._servers(shared, home)

    assert [child.role for child in children] == [*cluster.MEMBERS, *cluster.VALKEYS]
    file = home.root / "cluster.env"
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_env_file(file).values == cluster._environ(shared)
