"""A process that makes previews of the pages of another site."""

from __future__ import annotations

import pytest

from tests.other_site import other_site
from tests.servers import settings_in


@pytest.fixture
def site():
    with other_site() as made:
        yield made


@pytest.fixture
def settings(tmp_path, site):
    return settings_in(
        tmp_path / "home",
        KWIP_LINK_PREVIEWS="on",
        KWIP_LINK_PREVIEW_ALLOW=site.place,
    )
