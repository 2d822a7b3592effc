"""Each contract of pyproject.toml breaks when it is violated.

A violation is seeded into a copy of the sources: a line at the end of a module that is
there, or a new module.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from config.settings import PROJECT
from tests.thorough import IS_THOROUGH

DOWN = "Imports point down; every module has a layer"
SERVICES = "A package of services calls those below it"
MEDIA = "Services of media call what converts and stores files"
STORE = "A package of the store calls those below it"
SCHEMAS = "A package of schemas calls those below it"
PAGES = "A package of pages calls those below it"
VALUES = "Values know nothing of timelines"
LIVE = "The live process imports no pages"
DATA = "Only services, jobs, wiring and the CLI touch data"
MONGODB = "pymongo, bson and obstore stay in kwip.store"
REDIS = "redis stays in kwip.cache"
EDGE = "Flask and marshmallow stay at the edge"
SETTINGS = "Settings are read at the top and passed down"
CONFIG = "Configuration knows nothing of what it configures"
CYCLES = "No import cycles between siblings"

SEEDS = [
    (DOWN, {"kwip/store/accounts/users.py": "import kwip.services.accounts.users"}),
    (DOWN, {"kwip/store/accounts/users.py": "import kwip.cache.keys"}),
    (DOWN, {"kwip/cache/keys.py": "import kwip.store.accounts.users"}),
    (DOWN, {"kwip/domain/ids.py": "import kwip.telemetry"}),
    (DOWN, {"kwip/domain/ids.py": "import kwip.store.accounts.users"}),
    (DOWN, {"kwip/domain/text.py": "import kwip.text"}),
    (DOWN, {"kwip/text/scripts.py": "import kwip.services"}),
    (DOWN, {"kwip/services/accounts/users.py": "import kwip.schemas"}),
    (DOWN, {"kwip/services/accounts/users.py": "import kwip.jobs"}),
    (DOWN, {"kwip/jobs/seed.py": "import kwip.blueprints"}),
    (DOWN, {"kwip/embedded/home_folder.py": "import kwip.wiring"}),
    (DOWN, {"kwip/utils.py": "import json"}),
    (SERVICES, {"kwip/services/reading/slices.py": "import kwip.services.timelines"}),
    (SERVICES, {"kwip/services/posting/pins.py": "import kwip.services.social"}),
    (SERVICES, {"kwip/services/accounts/seed.py": "import kwip.services.maintenance"}),
    (SERVICES, {"kwip/services/utils.py": "import json"}),
    (
        MEDIA,
        {"kwip/services/media/child/frames.py": "import kwip.services.media.usable"},
    ),
    (STORE, {"kwip/store/social/edges.py": "import kwip.store.posting.posts"}),
    (STORE, {"kwip/store/timelines/markers.py": "import kwip.store.accounts.users"}),
    (STORE, {"kwip/store/posting/claims.py": "import kwip.store.maintenance.audit"}),
    (SCHEMAS, {"kwip/schemas/posting/polls.py": "import kwip.schemas.timelines"}),
    (SCHEMAS, {"kwip/schemas/body.py": "import kwip.schemas.accounts.users"}),
    (PAGES, {"kwip/blueprints/web/pages.py": "import kwip.blueprints.web.posting"}),
    (VALUES, {"kwip/domain/posting/posts.py": "import kwip.domain.timelines.views"}),
    (VALUES, {"kwip/domain/utils.py": "import json"}),
    (LIVE, {"kwip/blueprints/live.py": "import kwip.blueprints.api"}),
    (DATA, {"kwip/blueprints/seed.py": "import kwip.store"}),
    (DATA, {"kwip/blueprints/seed.py": "import kwip.cache"}),
    (DATA, {"kwip/schemas/seed.py": "import kwip.store"}),
    (DATA, {"kwip/embedded/home_folder.py": "import kwip.store"}),
    (MONGODB, {"kwip/services/accounts/users.py": "import bson"}),
    (MONGODB, {"kwip/blueprints/seed.py": "import pymongo"}),
    (MONGODB, {"kwip/cli/seed.py": "import obstore"}),
    (REDIS, {"kwip/services/accounts/users.py": "import redis"}),
    (REDIS, {"kwip/store/accounts/users.py": "import redis"}),
    (EDGE, {"kwip/services/accounts/users.py": "import flask"}),
    (EDGE, {"kwip/domain/ids.py": "import marshmallow"}),
    (EDGE, {"kwip/store/accounts/users.py": "import werkzeug"}),
    (SETTINGS, {"kwip/services/accounts/users.py": "import config.settings"}),
    (SETTINGS, {"kwip/blueprints/seed.py": "import config.endpoints"}),
    (CONFIG, {"config/logging.py": "import kwip.telemetry"}),
    (
        CYCLES,
        {
            "kwip/domain/seed.py": "import kwip.domain.seedling",
            "kwip/domain/seedling.py": "import kwip.domain.seed",
        },
    ),
    (
        CYCLES,
        {
            "kwip/services/delivery/seed.py": "import kwip.services.reading.seed",
            "kwip/services/reading/seed.py": "import kwip.services.delivery.seed",
        },
    ),
    (
        CYCLES,
        {
            "kwip/services/seed.py": "import kwip.services.seedling",
            "kwip/services/seedling.py": "import kwip.services.seed",
        },
    ),
]


def broken_contracts(folder):
    """Return the contracts that the sources in `folder` break."""
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as main; main()",
            "--no-cache",
            "--no-logo",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "200"},
    )
    broken = set(re.findall(r"^(\S.*) BROKEN", run.stdout, re.MULTILINE))

    assert (run.returncode == 1) == bool(broken), run.stdout + run.stderr
    return broken


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the sources."""
    for package in ("kwip", "config"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "templates")
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=ignored)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_sources_keep_every_contract(copy):
    assert broken_contracts(copy) == set()


#: One of each contract; `make thorough` tries all of them.
TRIED = SEEDS if IS_THOROUGH else [*dict(reversed(SEEDS)).items()]


@pytest.mark.parametrize(("contract", "seeds"), TRIED)
def test_a_violation_breaks_its_contract(copy, contract, seeds):
    for name, line in seeds.items():
        with (copy / name).open("a") as module:
            module.write(f"\n{line}\n")

    assert contract in broken_contracts(copy)


def test_every_contract_is_shown_to_break():
    tree = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    contracts = {row["name"] for row in tree["tool"]["importlinter"]["contracts"]}

    assert contracts == {contract for contract, _ in SEEDS}
