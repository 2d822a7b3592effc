"""A moderator, and a report by alice about bob."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.roles import Permission, Role
from kwip.domain.moderation.reports import NewReport
from kwip.domain.posting.posts import Draft


@pytest.fixture
def mod(kwip, new_user):
    made = new_user("mod")
    kwip.services.moderation.set_role(made.id, Role.MODERATOR)
    return made


@pytest.fixture
def order(kwip, mod):
    """Return a function that gives the moderator's order."""

    def order(reason="", viewer=mod):
        return kwip.services.staff.order(viewer, Permission.ACT_ON_REPORTS, reason)

    return order


@pytest.fixture
def post(kwip, bob):
    return kwip.services.posts.publish(bob.id, Draft(text="Buy my bread!"))


@pytest.fixture
def report(kwip, alice, bob, post):
    asked = NewReport(target_id=bob.id, post_ids=(post.id,), comment="Every hour.")
    return kwip.services.reports.create(alice, asked).report
