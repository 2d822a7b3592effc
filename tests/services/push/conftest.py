"""A process that sends to a real push service."""

from __future__ import annotations

import pytest

from kwip.domain.posting.posts import Draft
from tests.push_service import one_push_service, push
from tests.servers import settings_in

__all__ = ["one_push_service", "push"]


@pytest.fixture
def settings(tmp_path, push):
    return settings_in(
        tmp_path / "home",
        KWIP_ORIGIN="https://kwip.example.org",
        KWIP_PUSH_ALLOW=push.place,
    )


@pytest.fixture
def say(kwip, rings):
    """Return a function that publishes and delivers."""

    def say(author, text, **fields):
        post = kwip.services.posts.publish(author.id, Draft(text=text, **fields))
        rings.run()
        return post

    return say
