from __future__ import annotations

import pytest

from tests.other_site import other_site


@pytest.fixture(scope="module")
def site():
    with other_site() as made:
        yield made
